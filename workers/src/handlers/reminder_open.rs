//! `reminder-open`: makes reminder batches of those who said yes, inside the reminder window (rule W6).

use muster_domain::goal::GoalStatus;
use muster_jobs::payloads::ReminderOpen;
use muster_storage::{Tx, batches, engine::claim::ClaimedJob, goals};

use super::batch_partition::estimate;
use crate::{Context, error::JobError};

pub(crate) async fn run(ctx: &Context, job: &ClaimedJob, payload: ReminderOpen) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let organization = ctx.organization(&mut tx, job).await?;
    let Some(goal) = goals::lock(&mut tx, organization.id, payload.goal_id).await? else {
        return Err(JobError::fail("the goal does not exist"));
    };
    let now = tx.clock().await?;
    let open = goal.reminder_window.is_some_and(|(opens, closes)| opens <= now && now < closes);
    if let (true, GoalStatus::Active, Some(script)) = (open, goal.clock.status(now), &goal.content.reminder_script) {
        let made =
            batches::open_reminders(&mut tx, goal.id, organization.settings.batch_size, estimate(script)).await?;
        tracing::info!(goal.id = %goal.id, batches = made, "opened reminders");
    }
    Ok(tx)
}
