//! Sweeps: work whose worker died comes back, and messages that the broker lost are published again. They run here and not as jobs,
//! for they are what brings jobs back.

use std::time::Duration;

use muster_storage::engine::sweep;

use crate::{LONGEST_ROUND, Scheduler};

/// Sweeps until it is time to stop.
pub(crate) async fn run(scheduler: &Scheduler) {
    let interval = Duration::from_millis(scheduler.settings.sweep_interval_ms);
    while scheduler.pause(interval).await {
        match tokio::time::timeout(LONGEST_ROUND, round(scheduler)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a sweep failed; the next one does its work"),
            Err(_) => tracing::warn!("the database did not answer a sweep in time; the next one does its work"),
        }
    }
}

async fn round(scheduler: &Scheduler) -> muster_storage::Result<()> {
    let bound = Duration::from_secs(scheduler.settings.republish_after_seconds);
    if !sweep::is_needed(&scheduler.pool, bound).await? {
        return Ok(());
    }
    for job in sweep::return_expired(&scheduler.pool).await? {
        scheduler.metrics.leases_expired.inc();
        if job.parked {
            scheduler.metrics.jobs_parked.inc();
        }
        tracing::warn!(
            job.id = %job.id,
            job.kind = job.kind,
            job.worker = job.worker,
            job.parked = job.parked,
            "a job's lease ran out"
        );
    }
    let republished = sweep::republish_unclaimed(&scheduler.pool, bound).await?;
    if republished > 0 {
        scheduler.metrics.jobs_republished.inc_by(republished);
        tracing::warn!(jobs = republished, "published jobs that nobody claimed are published again");
    }
    Ok(())
}
