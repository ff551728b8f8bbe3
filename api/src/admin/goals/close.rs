//! `POST /v1/organizations/{organization_id}/goals/{goal_id}/close` (rule G8).

use axum::{Json as Answer, extract::State};
use muster_domain::{goals::lifecycle::GoalCommand, ids::GoalId};
use muster_jobs::kinds::GoalTransition;
use muster_storage::{
    Tx,
    engine::enqueue::enqueue,
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

/// Closes: no more of it goes out, and a job cancels queued and held texts.
pub(crate) async fn close_now(tx: &mut Tx, admin: &Admin, goal: &Goal) -> Result<(), Problem> {
    let closed = after(tx, goal, GoalCommand::Close).await?;
    goals::set_clock(tx, goal, &closed).await?;
    enqueue(tx, &GoalTransition { goal_id: goal.id }, &admin.origin()).await?;
    Ok(())
}

/// Closes a goal now.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/goals/{goal_id}/close", tag = "goals")]
pub(crate) async fn close(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Answer<GoalBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = lock_to_change(&mut tx, &admin, id).await?;
    close_now(&mut tx, &admin, &goal).await?;
    let answer = answer(tx, &admin, id).await?;
    api.until_it_holds(Concerned::Goals(&[id])).await;
    Ok(answer)
}
