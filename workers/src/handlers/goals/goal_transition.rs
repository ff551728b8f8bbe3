//! `goal-transition`: a goal opened or closed, or is open again (rules G4, S6 and G9a).

use muster_domain::goals::{estimate::estimate, goal::GoalStatus};
use muster_jobs::kinds::{BatchPartition, BatchRelease, GoalTransition, HoldRelease, ReminderOpen};
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    goals::{self, give_back, reassign},
    sending,
};

use crate::{Context, Leased, error::JobError};

impl Leased for GoalTransition {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut tx = ctx.pool.begin().await?;
        let organization = ctx.organization(&mut tx, job).await?;
        let Some(goal) = goals::lock(&mut tx, organization.id, self.goal_id).await? else {
            return Err(JobError::fail("the goal does not exist"));
        };
        let now = tx.clock().await?;
        match goal.clock.status(now) {
            GoalStatus::Completed => {
                let cancelled = sending::close_window(&mut tx, goal.id).await?;
                if goal.clock.paused_at.is_some() {
                    // Answers in conversations that a pause held may go again: closing wins over
                    // pausing.
                    enqueue(&mut tx, &HoldRelease { group_id: goal.group_id }, &ctx.origin(job)).await?;
                }
                tracing::info!(goal.id = %goal.id, cancelled, "the goal has closed");
            }
            GoalStatus::Active if goal.partitioned_at.is_none() => {
                enqueue(&mut tx, &BatchPartition { goal_id: goal.id }, &ctx.origin(job)).await?;
            }
            GoalStatus::Active => {
                let settings = &organization.settings;
                let segments = estimate(&goal.content.script, settings.smart_encoding).segments.into();
                let back = give_back::closed(&mut tx, &goal, settings.batch_size, segments).await?;
                if back.initials > 0 || back.reminders > 0 {
                    tracing::info!(goal.id = %goal.id, initials = back.initials, reminders = back.reminders, "gave back");
                }
                let moved = reassign::catch_up(&mut tx, &goal, &ctx.origin(job)).await?;
                if moved > 0 {
                    tracing::info!(goal.id = %goal.id, moved, "moved contacts to their present agents");
                }
                if back.reminders > 0 {
                    enqueue(&mut tx, &ReminderOpen { goal_id: goal.id }, &ctx.origin(job)).await?;
                }
                enqueue(&mut tx, &BatchRelease { goal_id: goal.id }, &ctx.origin(job)).await?;
            }
            GoalStatus::Draft | GoalStatus::Paused | GoalStatus::Scheduled => {}
        }
        Ok(tx)
    }
}
