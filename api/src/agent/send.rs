//! `POST /v1/agent/batches/{batch_id}/send`: send a batch's texts, all or some
//! (rules B3, B7 and S1).

use std::collections::BTreeMap;

use axum::extract::State;
use muster_domain::{
    goals::batch::BatchKind,
    ids::{BatchId, ContactId, MessageId},
    sending::{
        batch_send::{self, BatchSend},
        compose::Text,
        message::MessageKind,
    },
};
use muster_storage::{
    conversations::threads,
    goals::batches,
    sending::messages::{self, Batch, NewMessage},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::{lease::lock_lease, work::workable},
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
/// reason.
#[utoipa::path(post, path = "/v1/agent/batches/{batch_id}/send", tag = "agent")]
pub(crate) async fn send(
    State(api): State<Api>,
    agent: Agent,
    keyed: Keyed,
    Path(id): Path<BatchId>,
    Json(body): Json<Send>,
) -> Result<Once<Accepted<Queued>>, Problem> {
    keyed
        .run(&api, agent.member.id, &body, async |tx| {
            let lease = lock_lease(tx, &agent, id, body.lease_token).await?;
            let goal = workable(tx, &agent, lease.goal_id, lease.kind).await?;
            let sender = messages::sender_of(tx, goal.group_id, agent.member.id).await?;
            let sender = sender.ok_or_else(|| Problem::no_sender_number("the agent has no number in this group"))?;
            let composer = composer(tx, &agent, &goal, lease.kind).await?;
            let contacts = batches::contacts(tx, &goal, &lease, agent.member.id).await?;
            let BatchSend { mut texts, skipped, forbidden, .. } =
                batch_send::decide(&contacts, body.contact_ids.as_deref(), &composer);
            batches::skip_all(tx, &lease, &skipped).await?;
            batches::skip_all(tx, &lease, &forbidden).await?;
            let wanted: Vec<_> = texts.keys().map(|contact| (*contact, MessageId::new())).collect();
            let taken = messages::take_targets(tx, &lease, &wanted).await?;
            let threads = threads::ensure(
                tx,
                agent.organization_id,
                goal.group_id,
                &sender,
                Some(goal.id),
                Some(agent.member.id),
                &taken,
            )
            .await?;
            let new: Vec<NewMessage> = wanted
                .iter()
                .filter_map(|(contact, id)| {
                    // Only those that were taken have a thread here.
                    let thread_id = *threads.get(contact)?;
                    let Text { body, segments } = texts.remove(contact)?;
                    Some(NewMessage { id: *id, contact_id: *contact, thread_id, body, segments })
                })
                .collect();
            let kind = match lease.kind {
                BatchKind::Initial => MessageKind::Initial,
                BatchKind::Reminder => MessageKind::Reminder,
            };
            let batch = Batch {
                organization_id: agent.organization_id,
                group_id: goal.group_id,
                goal_id: Some(goal.id),
                agent_id: Some(agent.member.id),
                kind,
            };
            messages::queue(tx, batch, &new, &agent.origin()).await?;
            let finished = batches::finish_if_done(tx, &lease).await?;
            let skipped: BTreeMap<_, _> =
                skipped.into_iter().map(|(reason, contacts)| (reason, contacts.len())).collect();
            Ok(Accepted(Queued { queued: new.len(), skipped, batch_finished: finished }))
        })
        .await
}
