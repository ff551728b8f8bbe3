//! `POST /v1/agent/threads/{thread_id}/reply`: a text in a conversation (rules W2, W3 and W9).

use axum::extract::State;
use muster_domain::{
    conversations::thread::ThreadCommand,
    ids::{MessageId, ThreadId},
    sending::{message::MessageKind, segments},
};
use muster_storage::{
    Tx,
    conversations::threads,
    sending::messages::{self, Batch, NewMessage},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::thread::{follow, lock_thread},
    auth::Agent,
    bounds,
    compose::encoded,
    document::{Accepted, Once},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reply {
    #[schema(value_type = bounds::ReplyText)]
    text: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Replied {
    #[schema(value_type = uuid::Uuid)]
    message_id: MessageId,
}

/// Refuses a reply over the organization's limit for a conversation and an hour; says when the next
/// one can be made.
async fn within_limit(tx: &mut Tx, id: ThreadId, limit: i32) -> Result<(), Problem> {
    let Err(full) = messages::replies_in_an_hour(tx, id).await?.within(limit) else { return Ok(()) };
    let problem = Problem::reply_limit(full.to_string());
    Err(match full.retry_at {
        Some(at) => {
            let now = tx.clock().await?;
            problem.with("retry_at", at.to_rfc3339()).after((at - now).num_seconds() + 1)
        }
        None => problem,
    })
}

/// Queues a text in a conversation: within a claim, or outside of any where no agent holds it, and
/// the contact is the agent's, or nobody's and the last text of an agent was theirs. An answer goes
/// at any hour, unless the organization wants its hours kept; a text to a contact that has never
/// written there keeps them.
#[utoipa::path(post, path = "/v1/agent/threads/{thread_id}/reply", tag = "agent")]
pub(crate) async fn reply(
    State(api): State<Api>,
    agent: Agent,
    keyed: Keyed,
    Path(id): Path<ThreadId>,
    Json(body): Json<Reply>,
) -> Result<Once<Accepted<Replied>>, Problem> {
    let body_text = bounds::ReplyText::read("text", &body.text)?;
    keyed
        .run(&api, agent.member.id, &body, async |tx| {
            let thread = lock_thread(tx, &agent, id).await?;
            follow(tx, &thread, ThreadCommand::Reply(agent.member.id)).await?;
            let organization = agent.organization(tx).await?;
            within_limit(tx, id, organization.settings.replies_per_hour).await?;
            let sender = messages::sender_of(tx, thread.group_id, agent.member.id).await?;
            let sender = sender.ok_or_else(|| Problem::no_sender_number("the agent has no number in this group"))?;
            threads::keep_number(tx, id, &sender).await?;
            let body = encoded(body_text.to_owned(), &organization.settings);
            let message = NewMessage {
                id: MessageId::new(),
                contact_id: thread.contact_id,
                thread_id: id,
                segments: segments::count(&body),
                body,
            };
            let batch = Batch {
                organization_id: agent.organization_id,
                group_id: thread.group_id,
                goal_id: thread.goal_id,
                agent_id: Some(agent.member.id),
                kind: MessageKind::Reply,
            };
            let message_id = message.id;
            messages::queue(tx, batch, &[message], &agent.origin()).await?;
            threads::texted(tx, id).await?;
            Ok(Accepted(Replied { message_id }))
        })
        .await
}
