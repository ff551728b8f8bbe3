//! `POST /v1/agent/batches/{batch_id}/send`: send a batch's texts, all or some
//! (rules B3, B7 and S1).

use std::collections::BTreeMap;

use axum::extract::State;
use muster_domain::{
    ids::{BatchId, ContactId},
    sending::batch_send::{self, BatchSend},
};
use muster_storage::goals::batches;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::{
        lease::{contacts_in_hand, lock_lease},
        queue::{InHand, sender},
        work::{AtWork, workable},
    },
    auth::Agent,
    compose::composer,
    document::{Accepted, Once},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Send {
    /// From the claim.
    lease_token: i64,
    /// Contacts to text; all that are left in the batch if absent.
    #[serde(default)]
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    contact_ids: Option<Vec<ContactId>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Queued {
    /// Texts that were queued.
    queued: usize,
    /// Contacts that were skipped, by reason.
    skipped: BTreeMap<String, usize>,
    /// The batch has no contacts left.
    batch_finished: bool,
}

/// Queues the texts. Each contact gets at most one initial and one reminder of a goal, however
/// often this is called. Contacts without a value that the script needs are skipped with that
/// reason. Refused where the organization wants a request for each text: then each contact is sent
/// to by `…/contacts/{contact_id}/send`.
#[utoipa::path(post, path = "/v1/agent/batches/{batch_id}/send", tag = "agent")]
pub(crate) async fn send(
    State(api): State<Api>,
    agent: Agent,
    keyed: Keyed,
    Path(id): Path<BatchId>,
    Json(body): Json<Send>,
) -> Result<Once<Accepted<Queued>>, Problem> {
    keyed
        .repeated()
        .run(&api, agent.member.id, &body, async |tx| {
            let lease = lock_lease(tx, &agent, id, body.lease_token).await?;
            let at_work = workable(tx, &agent, lease.goal_id, lease.kind).await?;
            let AtWork { goal, workplace } = &at_work;
            if workplace.organization.settings.one_request_one_contact {
                return Err(Problem::one_contact_a_request("send each contact's text by a request of its own"));
            }
            let sender = sender(workplace)?;
            let composer = composer(&agent, &at_work, lease.kind)?;
            let named = body.contact_ids.as_deref();
            let contacts = contacts_in_hand(tx, &agent, goal, &lease, named).await?;
            let BatchSend { texts, skipped, forbidden, .. } = batch_send::decide(&contacts, named, &composer);
            batches::skip_all(tx, &lease, &skipped).await?;
            batches::skip_all(tx, &lease, &forbidden).await?;
            let in_hand = InHand { agent: &agent, goal, lease: &lease, sender };
            let queued = in_hand.queue(tx, texts, false).await?;
            let finished = batches::finish_if_done(tx, &lease).await?;
            let skipped: BTreeMap<_, _> =
                skipped.into_iter().map(|(reason, contacts)| (reason, contacts.len())).collect();
            Ok(Accepted(Queued { queued, skipped, batch_finished: finished }))
        })
        .await
}
