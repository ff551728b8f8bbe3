//! `POST /v1/agent/groups/{group_id}/replies/claim`: claim threads with unread replies, oldest
//! first (rule W3).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::GroupId;
use muster_storage::conversations::threads::{self, Reader};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    admin::conversations::body::{MessageBody, ThreadBody, body, message},
    auth::Agent,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Threads that one claim hands out.
pub(crate) const CLAIM_LIMIT: i64 = 10;

#[derive(Serialize, ToSchema)]
pub(crate) struct ClaimedThread {
    thread: ThreadBody,
    /// The last 50 texts, oldest first.
    messages: Vec<MessageBody>,
}

/// Claims threads with unread replies for the organization's response window, so that the agent
/// holds up to ten, and returns them oldest first. A claim ends at its time, however often the
/// agent asks.
#[utoipa::path(post, path = "/v1/agent/groups/{group_id}/replies/claim", tag = "agent")]
pub(crate) async fn claim(
    State(api): State<Api>,
    agent: Agent,
    Path(group_id): Path<GroupId>,
) -> Result<Answer<Vec<ClaimedThread>>, Problem> {
    agent.group(group_id)?;
    let mut tx = api.pool.begin().await?;
    let window = agent.organization(&mut tx).await?.settings.response_window_minutes;
    let ids = threads::claim_unread(&mut tx, group_id, agent.member.id, window, CLAIM_LIMIT)
        .await?
        .ok_or_else(|| Problem::no("group"))?;
    tx.commit().await?;
    let mut claimed = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(thread) = threads::get(&api.pool, agent.organization_id, Reader::Group, id).await? {
            let messages = threads::messages(&api.pool, id, None, 50).await?.into_iter().map(message).collect();
            claimed.push(ClaimedThread { thread: body(thread), messages });
        }
    }
    Ok(Answer(claimed))
}
