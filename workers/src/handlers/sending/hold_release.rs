//! `hold-release`: queues a group's held messages that can go now (rule S6).

use muster_jobs::{kinds::HoldRelease, timer::TimerKind};
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue, timers},
    sending,
};

use crate::{Context, Leased, error::JobError};

/// Messages that one job queues; the rest goes to another.
const ROUND: i64 = 5_000;

impl Leased for HoldRelease {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut tx = ctx.pool.begin().await?;
        let organization_id = job.organization_id.ok_or_else(|| JobError::fail("the job names no organization"))?;
        let origin = ctx.origin(job);
        let released = sending::release_held(&mut tx, self.group_id, ROUND, &origin).await?;
        if i64::try_from(released) == Ok(ROUND) {
            enqueue(&mut tx, &self, &origin).await?;
        } else if let Some(next) = sending::next_hold_ends(&mut tx, self.group_id).await? {
            timers::set_earliest(&mut tx, TimerKind::HoldEnds, self.group_id.0, next, organization_id).await?;
        }
        if released > 0 {
            tracing::info!(group.id = %self.group_id, messages = released, "held messages are queued again");
        }
        Ok(tx)
    }
}
