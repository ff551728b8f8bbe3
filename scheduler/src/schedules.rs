//! Decides about the due ticks of recurring schedules (engine promises J9 to J11).

use std::time::Duration;

use muster_storage::{
    Result,
    engine::{partitions, schedules},
};

use crate::{LONGEST_ROUND, Scheduler};

/// Schedules that one transaction decides about at most.
const SCHEDULES_PER_ROUND: i64 = 100;
/// How often schedules are looked at when none is due: within this time a change is heeded.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Decides until it is time to stop. Due-ness is the database's; this process's clock only measures
/// how long to wait before looking again.
pub(crate) async fn run(scheduler: &Scheduler) {
    while let Err(error) = prepare(scheduler).await {
        tracing::warn!(error, "schedules could not be looked at; their ticks stay due");
        if !scheduler.pause(Duration::from_secs(1)).await {
            return;
        }
    }
    loop {
        let wait = match tokio::time::timeout(LONGEST_ROUND, round(scheduler)).await {
            Ok(Ok(next_in)) => next_in.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT),
            Ok(Err(error)) => {
                tracing::warn!(%error, "schedules could not be looked at; their ticks stay due");
                Duration::from_secs(1)
            }
            Err(_) => {
                tracing::warn!("the database did not answer in time; ticks stay due");
                Duration::from_secs(1)
            }
        };
        if !scheduler.pause(wait).await {
            return;
        }
    }
}

/// Preparations before the first look. Partitions are made here as well as by their schedule: after
/// months in which nothing ran, the first job would be in the default partition otherwise, and the
/// current month's could never be made.
async fn prepare(scheduler: &Scheduler) -> Result<(), String> {
    let prepared = async {
        if !partitions::ensure(&scheduler.pool).await? {
            tracing::warn!("a table is in use; partitions of the coming months are made later");
        }
        schedules::compute_again(&scheduler.pool).await.map(drop)
    };
    match tokio::time::timeout(LONGEST_ROUND, prepared).await {
        Ok(prepared) => prepared.map_err(|error| error.to_string()),
        Err(_) => Err("the database did not answer in time".to_owned()),
    }
}

/// Decides about due ticks and returns the time until the next one.
async fn round(scheduler: &Scheduler) -> Result<Option<Duration>> {
    let next_in = schedules::next_in(&scheduler.pool).await?;
    if next_in != Some(Duration::ZERO) {
        return Ok(next_in);
    }
    let mut tx = scheduler.pool.begin().await?;
    let due = schedules::take_due(&mut tx, SCHEDULES_PER_ROUND).await?;
    for one in &due {
        match &one.schedule {
            Ok(schedule) => {
                let reckoning = schedule.reckon(one.decided_until, one.now, one.grace, one.catch_up);
                let next_at = schedule.fires_after(one.now.max(one.decided_until)).next().map(|fire| fire.at);
                let fired = schedules::decide(&mut tx, one, schedule, &reckoning, next_at).await?;
                scheduler.metrics.ticks_fired.inc_by(fired as u64);
                tracing::debug!(schedule = one.name, fired, "decided about ticks");
            }
            Err(error) => {
                tracing::error!(
                    schedule = one.name,
                    error,
                    "a schedule cannot be read; it is out of service until it is changed"
                );
                schedules::refuse(&mut tx, &one.name, error).await?;
            }
        }
    }
    tx.commit().await?;
    // When there was nothing, another scheduler has it in hand.
    Ok(Some(if due.is_empty() { Duration::from_millis(50) } else { Duration::ZERO }))
}
