//! Fires due timers.

use std::time::Duration;

use muster_storage::engine::timers;

use crate::Scheduler;

/// Timers that one transaction fires at most.
const ROUND: i64 = 1_000;

/// Fires until it is time to stop. Due-ness is the database's: this process's clock only says when to look.
pub(crate) async fn run(scheduler: &Scheduler) {
    let poll = Duration::from_millis(scheduler.settings.timer_poll_ms);
    loop {
        match timers::fire_due(&scheduler.pool, ROUND).await {
            Ok(fired) => {
                scheduler.metrics.timers_fired.inc_by(fired.timers as u64);
                if fired.timers > 0 {
                    scheduler.metrics.timer_lateness_ms.set(fired.latest_ms);
                    tracing::debug!(timers = fired.timers, late_ms = fired.latest_ms, "fired timers");
                    continue;
                }
            }
            Err(error) => tracing::warn!(%error, "timers could not be fired; they stay due"),
        }
        if !scheduler.pause(poll).await {
            return;
        }
    }
}
