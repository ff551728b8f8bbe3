//! Sweeps: work whose worker died comes back, messages that the broker lost are published again, next month's partitions are made.

use std::time::Duration;

use muster_storage::{
    engine::{partitions, sweep},
    idempotency,
};

use crate::Scheduler;

/// How often upkeep that is not urgent is done.
const UPKEEP: Duration = Duration::from_hours(1);
/// How long answers to idempotent requests are kept.
const IDEMPOTENCY_KEPT: Duration = Duration::from_hours(7 * 24);

/// Sweeps until it is time to stop.
pub(crate) async fn run(scheduler: &Scheduler) {
    let interval = Duration::from_millis(scheduler.settings.sweep_interval_ms);
    let mut upkeep_due = muster_service::clock::start();
    let mut first = true;
    while scheduler.pause(interval).await {
        if let Err(error) = round(scheduler).await {
            tracing::warn!(%error, "a sweep failed; the next one does its work");
        }
        if first || upkeep_due.elapsed() > UPKEEP {
            match upkeep(scheduler).await {
                Ok(()) => (first, upkeep_due) = (false, muster_service::clock::start()),
                Err(error) => tracing::warn!(%error, "upkeep failed; it is tried again"),
            }
        }
    }
}

async fn round(scheduler: &Scheduler) -> muster_storage::Result<()> {
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
    let bound = Duration::from_secs(scheduler.settings.republish_after_seconds);
    let republished = sweep::republish_unclaimed(&scheduler.pool, bound).await?;
    if republished > 0 {
        scheduler.metrics.jobs_republished.inc_by(republished);
        tracing::warn!(jobs = republished, "published jobs that nobody claimed are published again");
    }
    Ok(())
}

async fn upkeep(scheduler: &Scheduler) -> muster_storage::Result<()> {
    partitions::ensure(&scheduler.pool).await?;
    idempotency::forget(&scheduler.pool, IDEMPOTENCY_KEPT).await?;
    Ok(())
}
