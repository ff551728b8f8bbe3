//! Goals that were paused or closed a moment ago, and contacts who opted out, were deactivated, redacted or taken from their agent (rules G7
//! and S9).
//!
//! What a pause or an opt-out forbids is decided at the hand-over, from the rows. Texts that were marked as being handed over just before
//! it, and that the carrier has not been called for yet, are kept back by what is heard here; they are decided again then. Nothing
//! else hangs on it: a worker that hears nothing hands over what it has marked, some hundreds of texts at most.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use muster_jobs::names::NOTIFY_STOPS;
use muster_service::clock;
use muster_storage::Pool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// For longer than any texts are on their way to the carrier.
const KEPT: Duration = Duration::from_mins(10);
/// Between two tries to listen.
const AGAIN: Duration = Duration::from_secs(1);

/// When each goal and contact was last heard to have stopped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stops(Arc<Mutex<HashMap<Uuid, Instant>>>);

impl Stops {
    /// Has this goal or contact stopped since then?
    pub(crate) fn since(&self, id: Uuid, then: Instant) -> bool {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.get(&id).is_some_and(|at| *at >= then)
    }

    fn hear(&self, id: Uuid) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.retain(|_, at| at.elapsed() < KEPT);
        heard.insert(id, clock::start());
    }

    /// Listens until the worker stops.
    pub(crate) async fn listen(&self, pool: &Pool, stop: &CancellationToken) {
        let listen = async {
            loop {
                if let Ok(mut listener) = pool.listen(&[NOTIFY_STOPS]).await {
                    // A lost connection heals by itself; what was said meanwhile is missed, which delays a stop and does nothing else.
                    while let Ok(said) = listener.wait_for_payload().await {
                        if let Some(id) = said.and_then(|said| said.parse().ok()) {
                            self.hear(id);
                        }
                    }
                }
                tokio::time::sleep(AGAIN).await;
            }
        };
        stop.run_until_cancelled(listen).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g7_a_stop_counts_for_what_was_decided_before_it() {
        let (stops, goal) = (Stops::default(), Uuid::now_v7());
        let before = clock::start();
        assert!(!stops.since(goal, before));
        stops.hear(goal);
        assert!(stops.since(goal, before));
        assert!(!stops.since(Uuid::now_v7(), before));
        assert!(!stops.since(goal, clock::start() + Duration::from_millis(1)));
    }
}
