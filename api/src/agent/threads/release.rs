//! `POST /v1/agent/threads/{thread_id}/release`: a claim ends early (rules W3 and W9).

use axum::extract::State;
use muster_domain::{conversations::thread::ThreadCommand, ids::ThreadId};

use crate::{
    agent::thread::{follow, lock_thread},
    auth::Agent,
    document::NoContent,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Lets a conversation go before its claim ends; unread texts stay so, for the next agent.
#[utoipa::path(post, path = "/v1/agent/threads/{thread_id}/release", tag = "agent")]
pub(crate) async fn release(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<ThreadId>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let thread = lock_thread(&mut tx, &agent, id).await?;
    follow(&mut tx, &thread, ThreadCommand::Release(agent.member.id)).await?;
    tx.commit().await?;
    Ok(NoContent)
}
