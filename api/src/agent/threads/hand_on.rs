//! `POST /v1/agent/threads/{thread_id}/hand-on`: to another agent of the group (rule W9).

use axum::extract::State;
use chrono::TimeDelta;
use muster_domain::{
    conversations::thread::{Claim, ThreadCommand},
    ids::{MemberId, ThreadId},
};
use muster_storage::conversations::threads::{self, Recipient};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::{
        claim_replies::CLAIM_LIMIT,
        thread::{follow, lock_thread},
    },
    auth::Agent,
    document::NoContent,
    extract::{Json, Path},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandOn {
    /// An agent that texts in the group.
    #[schema(value_type = uuid::Uuid)]
    agent_id: MemberId,
}

/// Hands a conversation to another agent of the group for a response window. Refused when they have
/// ten in hand that wait for an answer.
#[utoipa::path(post, path = "/v1/agent/threads/{thread_id}/hand-on", tag = "agent")]
pub(crate) async fn hand_on(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<ThreadId>,
    Json(body): Json<HandOn>,
) -> Result<NoContent, Problem> {
    let no_thread = || Problem::no("thread");
    let mut tx = api.pool.begin().await?;
    let minutes = agent.organization(&mut tx).await?.settings.response_window_minutes;
    let group_id = threads::group_of(&mut tx, agent.organization_id, id).await?.ok_or_else(no_thread)?;
    agent.group(group_id).map_err(|_| no_thread())?;
    // Agents come before threads in the order of locks.
    let recipient = threads::lock_recipient(&mut tx, group_id, body.agent_id).await?;
    let thread = lock_thread(&mut tx, &agent, id).await?;
    let to = Claim::new(body.agent_id, thread.now, TimeDelta::minutes(minutes.into()));
    let after = thread.thread.after(ThreadCommand::HandOn(agent.member.id, to), thread.now)?;
    match recipient {
        Recipient::TextsNot => return Err(Problem::no("agent in this group")),
        Recipient::Texts { in_hand } if in_hand >= CLAIM_LIMIT && after.unread_since.is_some() => {
            return Err(Problem::conflict("the agent has as many conversations in hand as allowed"));
        }
        Recipient::Texts { .. } => {}
    }
    follow(&mut tx, &thread, ThreadCommand::HandOn(agent.member.id, to)).await?;
    tx.commit().await?;
    Ok(NoContent)
}
