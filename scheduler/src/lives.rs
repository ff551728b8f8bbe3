//! Looks for workers that died: their jobs come back before their leases end.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use muster_domain::engine::life::{Verdict, verdict_on};
use muster_service::clock;
use muster_storage::engine::{lives, sweep};

use crate::{LONGEST_ANSWER, Scheduler};

/// Interval of the looks.
const LOOK_INTERVAL: Duration = Duration::from_millis(400);

/// Lives without their locks, and since when this scheduler misses them, by its own clock.
type Missing = BTreeMap<i32, Instant>;

/// Looks until it is time to stop. A look that fails is no matter: leases end by themselves. But
/// the wait begins anew then, because workers may have been without an answer as well.
pub(crate) async fn run(scheduler: &Scheduler) {
    let mut missing = Missing::new();
    while scheduler.pause(LOOK_INTERVAL).await {
        match tokio::time::timeout(LONGEST_ANSWER, round(scheduler, &mut missing)).await {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => tracing::debug!(%error, "workers' lives could not be looked at"),
            Err(_) => tracing::debug!("workers' lives could not be looked at in time"),
        }
        missing.clear();
    }
}

async fn round(scheduler: &Scheduler, missing: &mut Missing) -> muster_storage::Result<()> {
    let asked = clock::start();
    let missed = lives::missed(&scheduler.pool).await?;
    let answered = clock::start();
    missing.retain(|id, _| missed.iter().any(|life| life.id == *id));
    let mut jobs = 0;
    for life in missed {
        let since = *missing.entry(life.id).or_insert(answered);
        let verdict =
            if life.is_over { Verdict::Over } else { verdict_on(asked.duration_since(since), life.same_server) };
        match verdict {
            Verdict::Waits => {}
            Verdict::Over => jobs += end(scheduler, life.id).await?,
            Verdict::Forgotten => lives::forget(&scheduler.pool, life.id).await?,
        }
    }
    if jobs > 0 {
        let back = sweep::return_expired(&scheduler.pool).await?;
        scheduler.metrics.leases_expired.inc_by(back.len() as u64);
        scheduler.metrics.jobs_parked.inc_by(back.iter().filter(|job| job.parked).count() as u64);
        scheduler.enqueued.notify_one();
    }
    Ok(())
}

/// Ends a life; returns how many jobs come back.
async fn end(scheduler: &Scheduler, id: i32) -> muster_storage::Result<u64> {
    let Some(death) = lives::end(&scheduler.pool, id).await? else { return Ok(0) };
    if death.jobs > 0 {
        tracing::warn!(worker = death.worker, jobs = death.jobs, "a worker died; its jobs run again");
    }
    Ok(death.jobs)
}
