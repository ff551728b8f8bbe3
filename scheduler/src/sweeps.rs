//! The safety net below the schedule `engine-sweep`: jobs of dead workers come back, and messages
//! that the broker lost are published again, also without a worker that could run the schedule's
//! job, or when that job itself was lost. Recovery of jobs must not depend on jobs. It is also the
//! quicker of the two, every two seconds by default.

use std::time::Duration;

use muster_storage::engine::sweep;

use crate::{LONGEST_ROUND, Scheduler};

/// Sweeps until it is time to stop.
pub(crate) async fn run(scheduler: &Scheduler) {
    let interval = Duration::from_millis(scheduler.settings.engine.sweep_interval_ms);
    while scheduler.pause(interval).await {
        match tokio::time::timeout(LONGEST_ROUND, round(scheduler)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a sweep failed; the next one does its work"),
            Err(_) => tracing::warn!("the database did not answer a sweep in time; the next one does its work"),
        }
    }
}

async fn round(scheduler: &Scheduler) -> muster_storage::Result<()> {
    let bound = scheduler.settings.engine.republish_after();
    let swept = sweep::sweep(&scheduler.pool, bound).await?;
    scheduler.metrics.leases_expired.inc_by(swept.expired.len() as u64);
    scheduler.metrics.jobs_parked.inc_by(swept.expired.iter().filter(|job| job.parked).count() as u64);
    scheduler.metrics.jobs_republished.inc_by(swept.republished);
    Ok(())
}
