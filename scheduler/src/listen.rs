//! Listens to the database's announcements, so that no loop waits for its next poll. Polling makes
//! up for announcements that are missed here.

use std::time::Duration;

use muster_jobs::names::{NOTIFY_JOBS, NOTIFY_TIMERS};

use crate::Scheduler;

/// Wakes the relay and the timers until it is time to stop.
pub(crate) async fn run(scheduler: &Scheduler) {
    while !scheduler.stop.is_cancelled() {
        let listening = async {
            let mut listener = scheduler.pool.listen(&[NOTIFY_JOBS, NOTIFY_TIMERS]).await?;
            loop {
                match listener.wait().await?.as_deref() {
                    Some(NOTIFY_JOBS) => scheduler.enqueued.notify_one(),
                    Some(NOTIFY_TIMERS) => scheduler.timer_set.notify_one(),
                    _ => {
                        scheduler.enqueued.notify_one();
                        scheduler.timer_set.notify_one();
                    }
                }
            }
        };
        let ended: Result<(), muster_storage::Error> = tokio::select! {
            () = scheduler.stop.cancelled() => return,
            ended = listening => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "not listening for a while; polling");
        }
        scheduler.pause(Duration::from_secs(1)).await;
    }
}
