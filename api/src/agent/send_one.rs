//! `POST /v1/agent/batches/{batch_id}/contacts/{contact_id}/send`: send one contact's text, as the
//! script or the agent has it (rules B3, B7, S1 and W9).

use std::collections::BTreeMap;

use axum::extract::State;
use muster_domain::{
    ids::{BatchId, ContactId},
    sending::batch_send::{BatchContact, ContactDecision},
};
use muster_storage::goals::batches;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::{
        edited::{self, Edited},
        lease::{contacts_in_hand, lock_lease},
        queue::{InHand, sender},
        work::{AtWork, workable},
    },
    auth::Agent,
    bounds,
    compose::composer,
    document::{Accepted, Once},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendOne {
    /// From the claim.
    lease_token: i64,
    /// The initial as the agent has edited it, where the organization allows that; the script's
    /// text if absent.
    #[serde(default)]
    #[schema(value_type = Option<bounds::ReplyText>)]
    text: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct QueuedOne {
    /// The text was queued.
    queued: bool,
    /// Why the contact was skipped instead.
    skipped: Option<String>,
    /// The text is not the script's.
    edited: bool,
    /// The batch has no contacts left.
    batch_finished: bool,
}

/// Queues one contact's text: a person's act for each. An edited text keeps the opt-out language
/// and the bounds of initials, and the day's cap has room for it; it is refused otherwise, and the
/// contact stays in the batch. A contact without a value that the script needs is skipped with that
/// reason.
#[utoipa::path(post, path = "/v1/agent/batches/{batch_id}/contacts/{contact_id}/send", tag = "agent")]
pub(crate) async fn send(
    State(api): State<Api>,
    agent: Agent,
    keyed: Keyed,
    Path((id, contact_id)): Path<(BatchId, ContactId)>,
    Json(body): Json<SendOne>,
) -> Result<Once<Accepted<QueuedOne>>, Problem> {
    let words = body.text.as_deref().map(|text| bounds::ReplyText::read("text", text)).transpose()?;
    keyed
        .repeated()
        .run(&api, agent.member.id, &body, async |tx| {
            let lease = lock_lease(tx, &agent, id, body.lease_token).await?;
            let at_work = workable(tx, &agent, lease.goal_id, lease.kind).await?;
            let AtWork { goal, workplace } = &at_work;
            let sender = sender(workplace)?;
            let composer = composer(&agent, &at_work, lease.kind)?;
            let contacts = contacts_in_hand(tx, &agent, goal, &lease, Some(&[contact_id])).await?;
            let contact = find(&contacts, contact_id)?;
            let decided = match (contact.decide(true, &composer), words) {
                (ContactDecision::Skip(reason), None) => Err(reason),
                (ContactDecision::Skip(reason), Some(_)) if reason.is_of_contact() => Err(reason),
                (ContactDecision::Leave, _) => {
                    return Err(Problem::conflict("the contact is another agent's by now"));
                }
                (ContactDecision::Queue(text), None) => Ok(Edited { text, edited: false }),
                (ContactDecision::Queue(_) | ContactDecision::Skip(_), Some(words)) => {
                    Ok(edited::compose(tx, &workplace.organization, goal, &lease, contact, &composer, words).await?)
                }
            };
            let in_hand = InHand { agent: &agent, goal, lease: &lease, sender };
            let (queued, skipped, edited) = match decided {
                Ok(Edited { text, edited }) => {
                    let queued = in_hand.queue(tx, BTreeMap::from([(contact_id, text)]), edited).await?;
                    (queued == 1, None, edited)
                }
                Err(reason) => {
                    batches::skip(tx, &lease, &[contact_id], &reason.word()).await?;
                    (false, Some(reason.word()), false)
                }
            };
            let batch_finished = batches::finish_if_done(tx, &lease).await?;
            Ok(Accepted(QueuedOne { queued, skipped, edited, batch_finished }))
        })
        .await
}

/// Returns a contact that is still to be texted.
pub(crate) fn find(contacts: &[BatchContact], id: ContactId) -> Result<&BatchContact, Problem> {
    let found = contacts.iter().find(|contact| contact.contact_id == id);
    found.ok_or_else(|| Problem::no("contact that is still to be texted in this batch"))
}
