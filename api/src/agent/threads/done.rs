//! `POST /v1/agent/threads/{thread_id}/done`: dealt with, without a text (rule W9).

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

/// Marks a conversation as dealt with: nothing is unread any more, and the claim ends.
#[utoipa::path(post, path = "/v1/agent/threads/{thread_id}/done", tag = "agent")]
pub(crate) async fn done(State(api): State<Api>, agent: Agent, Path(id): Path<ThreadId>) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let thread = lock_thread(&mut tx, &agent, id).await?;
    follow(&mut tx, &thread, ThreadCommand::Done(agent.member.id)).await?;
    tx.commit().await?;
    Ok(NoContent)
}
