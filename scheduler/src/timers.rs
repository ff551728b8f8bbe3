//! Fires due timers.

use std::time::Duration;

use muster_storage::{Result, engine::timers};

use crate::{LONGEST_ROUND, Scheduler};

/// Timers that one transaction fires at most.
const TIMERS_PER_ROUND: i64 = 1_000;

/// Fires until it is time to stop. Due-ness is the database's: this process's clock only measures
/// how long to wait before looking again, which is until the next timer is due, or one is set that
/// is due before that.
pub(crate) async fn run(scheduler: &Scheduler) {
    let poll = Duration::from_millis(scheduler.settings.engine.timer_poll_ms).min(timers::LONGEST_WAIT);
    loop {
        let wait = match tokio::time::timeout(LONGEST_ROUND, round(scheduler)).await {
            Ok(Ok(next_in)) => next_in.unwrap_or(poll).min(poll),
            Ok(Err(error)) => {
                tracing::warn!(%error, "timers could not be fired; they stay due");
                poll
            }
            Err(_) => {
                tracing::warn!("the database did not answer in time; timers stay due");
                poll
            }
        };
        tokio::select! {
            () = scheduler.stop.cancelled() => return,
            () = scheduler.timer_set.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Fires due timers and returns the time until the next one.
async fn round(scheduler: &Scheduler) -> Result<Option<Duration>> {
    let next_in = timers::next_in(&scheduler.pool).await?;
    if next_in != Some(Duration::ZERO) {
        return Ok(next_in);
    }
    let fired = timers::fire_due(&scheduler.pool, TIMERS_PER_ROUND).await?;
    scheduler.metrics.timers_fired.inc_by(fired.timers as u64);
    if fired.timers > 0 {
        scheduler.metrics.timer_lateness_ms.set(fired.latest_ms);
        tracing::debug!(timers = fired.timers, late_ms = fired.latest_ms, "fired timers");
        return Ok(Some(Duration::ZERO));
    }
    // Another scheduler has those that are due in hand.
    Ok(Some(Duration::from_millis(20)))
}
