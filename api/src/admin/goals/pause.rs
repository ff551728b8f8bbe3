//! `POST /v1/organizations/{organization_id}/goals/{goal_id}/pause` (rule G7).

use axum::{Json as Answer, extract::State};
use muster_domain::{goals::lifecycle::GoalCommand, ids::GoalId};
use muster_storage::{
    Tx,
    goals::{self, Goal},
    sending::Concerned,
};
use uuid::Uuid;

use crate::{
    admin::goals::{
        body::GoalBody,
        change::{after, answer, lock_to_change},
    },
    auth::Admin,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Pauses: one row, however many texts are queued; every hand-over reads it.
pub(crate) async fn pause_now(tx: &mut Tx, goal: &Goal) -> Result<(), Problem> {
    let paused = after(tx, goal, GoalCommand::Pause).await?;
    goals::set_clock(tx, goal, &paused).await?;
    Ok(())
}

/// Pauses a goal, at once also for queued texts.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/goals/{goal_id}/pause", tag = "goals")]
pub(crate) async fn pause(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Answer<GoalBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = lock_to_change(&mut tx, &admin, id).await?;
    pause_now(&mut tx, &goal).await?;
    let answer = answer(tx, &admin, id).await?;
    api.until_it_holds(Concerned::Goals(&[id])).await;
    Ok(answer)
}
