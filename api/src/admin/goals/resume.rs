//! `POST /v1/organizations/{organization_id}/goals/{goal_id}/resume` (rule G7).

use axum::{Json as Answer, extract::State};
use muster_domain::{goals::lifecycle::GoalCommand, ids::GoalId};
use muster_jobs::kinds::{GoalTransition, HoldRelease, RateRelease, ReminderOpen};
use muster_storage::{
    Tx,
    engine::enqueue::enqueue,
    goals::{self, Goal},
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

/// Resumes: a job queues the texts again that the pause held.
pub(crate) async fn resume_now(tx: &mut Tx, admin: &Admin, goal: &Goal) -> Result<(), Problem> {
    let resumed = after(tx, goal, GoalCommand::Resume).await?;
    goals::set_clock(tx, goal, &resumed).await?;
    let origin = admin.origin();
    enqueue(tx, &HoldRelease { group_id: goal.group_id }, &origin).await?;
    enqueue(tx, &RateRelease { organization_id: admin.organization_id }, &origin).await?;
    enqueue(tx, &GoalTransition { goal_id: goal.id }, &origin).await?;
    if goal.content.reminder_script.is_some() {
        enqueue(tx, &ReminderOpen { goal_id: goal.id }, &origin).await?;
    }
    Ok(())
}

/// Resumes a paused goal.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/goals/{goal_id}/resume", tag = "goals")]
pub(crate) async fn resume(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Answer<GoalBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = lock_to_change(&mut tx, &admin, id).await?;
    resume_now(&mut tx, &admin, &goal).await?;
    answer(tx, &admin, id).await
}
