//! `batch-partition`: freezes a launched goal's targets and cuts them into batches
//! (rules T3 and B1). Once that is done, it gives contacts with a text that was not handed over
//! because they belong to another agent now to that agent (rules S9 and W4).

use muster_domain::goals::estimate::estimate;
use muster_jobs::kinds::{BatchPartition, BatchRelease, ReminderOpen};
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    goals::{self, Partitioned, reassign},
};

use crate::{Context, Leased, error::JobError, handlers::people::carrier_lookup};

impl Leased for BatchPartition {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut tx = ctx.pool.begin().await?;
        let organization = ctx.organization(&mut tx, job).await?;
        let Some(goal) = goals::lock_beside_agents(&mut tx, organization.id, self.goal_id).await? else {
            return Err(JobError::fail("the goal does not exist"));
        };
        if goal.clock.launched_at.is_none() {
            return Ok(tx);
        }
        let segments = estimate(&goal.content.script, organization.settings.smart_encoding).segments.into();
        if let Some(Partitioned { targets, batches }) =
            goals::partition(&mut tx, &goal, organization.settings.batch_size, segments).await?
        {
            tracing::info!(goal.id = %goal.id, targets, batches, "partitioned");
            enqueue(&mut tx, &BatchRelease { goal_id: goal.id }, &ctx.origin(job)).await?;
            // Contacts with answers that are too old, and contacts that came without an import.
            carrier_lookup::request(ctx, &mut tx, &organization.settings, goal.group_id, &ctx.origin(job)).await?;
        } else {
            let taken = reassign::take_back(&mut tx, &goal).await?;
            if taken.reminders > 0 {
                enqueue(&mut tx, &ReminderOpen { goal_id: goal.id }, &ctx.origin(job)).await?;
            }
            let moved = reassign::catch_up(&mut tx, &goal, &ctx.origin(job)).await?;
            let (initials, reminders) = (taken.initials, taken.reminders);
            tracing::info!(goal.id = %goal.id, initials, reminders, moved, "gave back");
        }
        Ok(tx)
    }
}
