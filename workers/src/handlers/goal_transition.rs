//! `goal-transition`: a goal opened or closed (rules G4 and S6).

use muster_domain::goal::GoalStatus;
use muster_jobs::payloads::{BatchPartition, BatchRelease, GoalTransition};
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    goals, sending,
};

use crate::{Context, error::JobError};

pub(crate) async fn run(ctx: &Context, job: &ClaimedJob, payload: GoalTransition) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let organization = ctx.organization(&mut tx, job).await?;
    let Some(goal) = goals::lock(&mut tx, organization.id, payload.goal_id).await? else {
        return Err(JobError::fail("the goal does not exist"));
    };
    let now = tx.clock().await?;
    match goal.clock.status(now) {
        // A goal that is paused closes all the same.
        GoalStatus::Completed | GoalStatus::Paused if now >= goal.clock.closes_at => {
            let cancelled = sending::close_window(&mut tx, goal.id).await?;
            tracing::info!(goal.id = %goal.id, cancelled, "the goal has closed");
        }
        GoalStatus::Active if goal.partitioned_at.is_none() => {
            enqueue(&mut tx, &BatchPartition { goal_id: goal.id }, &ctx.origin(job)).await?;
        }
        GoalStatus::Active => {
            enqueue(&mut tx, &BatchRelease { goal_id: goal.id }, &ctx.origin(job)).await?;
        }
        GoalStatus::Draft | GoalStatus::Paused | GoalStatus::Scheduled | GoalStatus::Completed => {}
    }
    Ok(tx)
}
