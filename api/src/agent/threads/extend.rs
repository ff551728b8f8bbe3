//! `POST /v1/agent/threads/{thread_id}/extend`: more time for a claim, within bounds (rule W3).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, TimeDelta, Utc};
use muster_domain::{conversations::thread::ThreadCommand, ids::ThreadId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    agent::thread::{follow, lock_thread},
    auth::Agent,
    extract::Path,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct Extended {
    /// When the claim ends now.
    held_until: DateTime<Utc>,
}

/// Gives a claim a whole response window from now on, as far as two windows after its beginning.
/// Asking again changes nothing beyond that: a claim's last instant is known when it begins.
#[utoipa::path(post, path = "/v1/agent/threads/{thread_id}/extend", tag = "agent")]
pub(crate) async fn extend(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<ThreadId>,
) -> Result<Answer<Extended>, Problem> {
    let mut tx = api.pool.begin().await?;
    let minutes = agent.organization(&mut tx).await?.settings.response_window_minutes;
    let thread = lock_thread(&mut tx, &agent, id).await?;
    let window = TimeDelta::minutes(minutes.into());
    let after = follow(&mut tx, &thread, ThreadCommand::Extend(agent.member.id, window)).await?;
    tx.commit().await?;
    let held_until = after.claim.map_or(thread.now, |claim| claim.until);
    Ok(Answer(Extended { held_until }))
}
