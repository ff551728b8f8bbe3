//! Goals that were paused, closed or moved a moment ago, contacts that opted out, were deactivated,
//! redacted or taken from their agent, and organizations and brands on other terms
//! (rules G7 and S9).
//!
//! Hand-overs decide from the rows. Texts that were marked just before a change, and that the
//! carrier has not been called for yet, are kept back by the notifications heard here. They are
//! decided again then. The ear is trusted as long as it proves that it has heard everything;
//! `handlers/sending/send/hand.rs` looks at the rows again where it cannot.
//! `domain::sending::stops` has the rule.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use muster_domain::sending::stops::{self, Known, Standing};
use muster_jobs::names::NOTIFY_STOPS;
use muster_service::clock;
use muster_storage::{Ear, Pool};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::metrics::WorkerMetrics;

/// For longer than any texts are on their way to the carrier.
const KEPT: Duration = Duration::from_mins(10);
/// Between two tries to listen.
const AGAIN: Duration = Duration::from_millis(200);
/// For a connection to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// A connection that does not answer for so long is as good as lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// When each goal, contact, organization and brand was last heard to have stopped, and whether all
/// was heard.
#[derive(Debug, Clone)]
pub(crate) struct Stops(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    heard: Mutex<Heard>,
    /// Somebody wants a proof.
    wanted: Notify,
    /// Up to when everything was heard; none while nothing can be heard.
    proven: watch::Sender<Option<Instant>>,
}

#[derive(Debug)]
struct Heard {
    stops: HashMap<Uuid, Instant>,
    pruned: Instant,
    /// Since when this connection listens, and up to when everything was heard.
    ear: Option<(Instant, Instant)>,
}

impl Default for Stops {
    fn default() -> Self {
        let heard = Heard { stops: HashMap::new(), pruned: clock::start(), ear: None };
        Self(Arc::new(Shared { heard: Mutex::new(heard), wanted: Notify::new(), proven: watch::Sender::new(None) }))
    }
}

impl Stops {
    /// Decides about a text that these concern and that was looked at then; knowledge counts for so
    /// long as `fresh`.
    pub(crate) fn standing(&self, subjects: &[Uuid], looked: Instant, fresh: Duration) -> Standing {
        let heard = self.heard();
        let known = Known {
            looked: looked.elapsed(),
            stopped: subjects.iter().any(|id| heard.stops.get(id).is_some_and(|at| *at >= looked)),
            heard: heard.ear.map(|(since, proven)| stops::Heard { since: since.elapsed(), proven: proven.elapsed() }),
        };
        known.standing(fresh)
    }

    /// Waits until everything that was committed before this call has been heard, or nothing can be
    /// heard. Many calls share one proof.
    pub(crate) async fn prove(&self) {
        let wanted = clock::start();
        let mut proven = self.0.proven.subscribe();
        self.0.wanted.notify_one();
        // The sender is as long-lived as this.
        let _proven = proven.wait_for(|proven| proven.is_none_or(|at| at >= wanted)).await;
    }

    /// Listens until the worker stops.
    pub(crate) async fn listen(&self, pool: &Pool, metrics: &WorkerMetrics, stop: &CancellationToken) {
        let listen = async {
            loop {
                if let Ok(Ok(mut ear)) = timeout(CONNECT, pool.hear(NOTIFY_STOPS)).await {
                    let since = clock::start();
                    self.proves(since, since);
                    self.hear_all(&mut ear, since, metrics).await;
                    tracing::debug!("the connection that hears of stops is lost");
                    self.heard().ear = None;
                    self.0.proven.send_replace(None);
                }
                tokio::time::sleep(AGAIN).await;
            }
        };
        stop.run_until_cancelled(listen).await;
    }

    /// Hears, and proves that all was heard whenever somebody wants to know, until the connection
    /// is lost.
    async fn hear_all(&self, ear: &mut Ear, since: Instant, metrics: &WorkerMetrics) {
        loop {
            tokio::select! {
                said = ear.next() => match said {
                    Ok(Some(said)) => self.hear(&said),
                    Ok(None) | Err(_) => return,
                },
                () = self.0.wanted.notified() => {
                    let before = clock::start();
                    metrics.checked("proof");
                    let Ok(Ok(all)) = timeout(PATIENCE, ear.all()).await else { return };
                    for said in all {
                        self.hear(&said);
                    }
                    self.proves(since, before);
                }
            }
        }
    }

    fn proves(&self, since: Instant, proven: Instant) {
        self.heard().ear = Some((since, proven));
        self.0.proven.send_replace(Some(proven));
    }

    fn hear(&self, said: &str) {
        let Ok(id) = said.parse() else { return };
        let mut heard = self.heard();
        if heard.pruned.elapsed() > KEPT {
            heard.stops.retain(|_, at| at.elapsed() < KEPT);
            heard.pruned = clock::start();
        }
        heard.stops.insert(id, clock::start());
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;
    use muster_domain::sending::stops::PROOF_FRESH_FOR;

    use super::*;

    #[test]
    fn g7_a_stop_counts_for_what_was_looked_at_before_it() {
        let (stops, goal) = (Stops::default(), Uuid::now_v7());
        let before = clock::start();
        let minute = Duration::from_mins(1);
        assert_eq!(stops.standing(&[goal], before, minute), Standing::Go);
        stops.hear(&goal.to_string());
        stops.hear("not an id");
        assert_eq!(stops.standing(&[Uuid::now_v7(), goal], before, minute), Standing::Stopped);
        assert_eq!(stops.standing(&[Uuid::now_v7()], before, minute), Standing::Go);
        assert_eq!(stops.standing(&[goal], clock::start() + Duration::from_millis(1), minute), Standing::Go);
    }

    #[test]
    fn s9_what_was_looked_at_before_the_ear_was_there_is_looked_at_again() {
        let stops = Stops::default();
        let looked = clock::start();
        assert_eq!(stops.standing(&[], looked, Duration::ZERO), Standing::Look, "nothing can be heard");
        stops.proves(looked, looked);
        assert_eq!(stops.standing(&[], looked, Duration::ZERO), Standing::Prove);
        stops.proves(clock::start() + Duration::from_millis(1), clock::start());
        assert_eq!(stops.standing(&[], looked, Duration::ZERO), Standing::Look);
    }

    #[test]
    fn s9_whoever_waits_for_a_proof_has_one_that_began_afterwards_or_looks_for_itself() {
        let stops = Stops::default();
        assert!(stops.prove().now_or_never().is_some(), "nothing can be heard");
        let since = clock::start();
        stops.proves(since, since);
        let mut waits = Box::pin(stops.prove());
        assert!((&mut waits).now_or_never().is_none());
        stops.proves(since, clock::start() + PROOF_FRESH_FOR);
        assert!(waits.now_or_never().is_some());
        let mut waits = Box::pin(stops.prove());
        stops.proves(since, since);
        assert!((&mut waits).now_or_never().is_none(), "it began before");
        stops.0.proven.send_replace(None);
        assert!(waits.now_or_never().is_some());
    }
}
