//! This worker's life: a session of the database by which schedulers see that it died.
//!
//! Handlers go on only while an answer on the session is fresh. A worker without its session stands
//! still and takes another; schedulers wait for longer than that before they take its jobs
//! (`domain::engine::life`). So it loses nothing in an outage of the database, and where it is cut
//! off alone, its jobs have one handler at a time.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{Mutex, PoisonError},
    task::Poll,
    time::{Duration, Instant},
};

use muster_domain::engine::life::STANDS_STILL_AFTER;
use muster_service::clock;
use muster_storage::engine::lives::Life;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::Context;

/// How often the session is asked, and how soon another is tried for.
const BEAT_INTERVAL: Duration = Duration::from_millis(500);
const RETRY_DELAY: Duration = Duration::from_millis(200);
/// How long the session may take to answer, and another one to be made.
const LONGEST_ANSWER: Duration = Duration::from_millis(1_500);

/// The life that claims name, and the end of the leases that were claimed in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct CurrentLife {
    pub(crate) life: Option<i32>,
    pub(crate) over: CancellationToken,
}

/// Whether this worker lives, as far as it can prove.
#[derive(Debug, Default)]
pub(crate) struct Liveness {
    current: Mutex<CurrentLife>,
    /// When the last answer on the session was asked for; none before the first.
    proven: watch::Sender<Option<Instant>>,
}

impl Liveness {
    /// Returns the life of this moment.
    pub(crate) fn current(&self) -> CurrentLife {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A life begins, or none: the leases of the one before are lost.
    fn turns_to(&self, life: Option<i32>) {
        let next = CurrentLife { life, over: CancellationToken::new() };
        let before = std::mem::replace(&mut *self.current.lock().unwrap_or_else(PoisonError::into_inner), next);
        before.over.cancel();
    }

    fn proves(&self, asked: Instant) {
        self.proven.send_replace(Some(asked));
    }

    /// Does the work, and stands still while the worker's life is not proven.
    pub(crate) async fn while_proven<T>(&self, work: impl Future<Output = T>) -> T {
        let mut proven = self.proven.subscribe();
        let mut work = pin!(work);
        loop {
            let until = proven.borrow_and_update().map(|asked| asked + STANDS_STILL_AFTER);
            let is_proven = || until.is_none_or(|until| clock::start() < until);
            let goes = is_proven();
            let stands_still = async {
                match until {
                    Some(until) if goes => tokio::time::sleep_until(until.into()).await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                done = poll_fn(|cx| if is_proven() { work.as_mut().poll(cx) } else { Poll::Pending }) => return done,
                // The sender lives as long as the context.
                _ = proven.changed() => {}
                () = stands_still => {}
            }
        }
    }
}

/// Begins a life, as soon as the database answers.
pub(crate) async fn begin(ctx: &Context) -> Life {
    loop {
        let asked = clock::start();
        let begun = Life::begin(&ctx.engine_pool, &ctx.settings.process.name);
        match tokio::time::timeout(LONGEST_ANSWER, begun).await {
            Ok(Ok(life)) => {
                ctx.liveness.turns_to(Some(life.id()));
                ctx.liveness.proves(asked);
                return life;
            }
            Ok(Err(error)) => tracing::debug!(%error, "the session of the worker's life could not be made"),
            Err(_) => tracing::debug!("the session of the worker's life could not be made in time"),
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

/// Keeps the life up for as long as it is polled, in session after session. `life` is the present
/// one.
pub(crate) async fn keep(ctx: &Context, life: &mut Life) {
    loop {
        beat(ctx, life).await;
        *life = go_on(ctx, life).await;
    }
}

/// Asks the session until it does not answer, or another server is the one to write to.
async fn beat(ctx: &Context, life: &mut Life) {
    loop {
        let moved = tokio::select! {
            () = life.moved() => true,
            () = tokio::time::sleep(BEAT_INTERVAL) => false,
        };
        let asked = clock::start();
        if moved || !tokio::time::timeout(LONGEST_ANSWER, life.is_there()).await.unwrap_or(false) {
            return;
        }
        ctx.liveness.proves(asked);
    }
}

/// Goes on with the life in another session, or begins another life where it is over.
async fn go_on(ctx: &Context, life: &Life) -> Life {
    loop {
        let asked = clock::start();
        match tokio::time::timeout(LONGEST_ANSWER, life.go_on(&ctx.engine_pool)).await {
            Ok(Ok(Some(next))) => {
                ctx.liveness.proves(asked);
                return next;
            }
            Ok(Ok(None)) => {
                tracing::warn!("this worker was taken for dead; its jobs are others' now");
                ctx.liveness.turns_to(None);
                return begin(ctx).await;
            }
            Ok(Err(error)) => tracing::debug!(%error, "the worker's life has no session"),
            Err(_) => tracing::debug!("the worker's life got no session in time"),
        }
        tokio::time::sleep(RETRY_DELAY).await;
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn ago(time: Duration) -> Instant {
        clock::start().checked_sub(time).unwrap()
    }

    #[tokio::test]
    async fn j7_handlers_stand_still_without_a_proof_and_go_on_with_the_next() {
        let liveness = Liveness::default();
        assert_eq!(liveness.while_proven(async { 1 }).now_or_never(), Some(1), "nothing is to be proven yet");
        liveness.proves(ago(STANDS_STILL_AFTER));
        let mut work = Box::pin(liveness.while_proven(async { 2 }));
        assert_eq!((&mut work).now_or_never(), None);
        liveness.proves(clock::start());
        assert_eq!(work.now_or_never(), Some(2));
    }

    #[tokio::test]
    async fn j7_leases_end_with_their_life_and_not_with_the_next() {
        let liveness = Liveness::default();
        liveness.turns_to(Some(1));
        let first = liveness.current();
        liveness.turns_to(Some(2));
        assert!(first.over.is_cancelled());
        assert!(!liveness.current().over.is_cancelled() && liveness.current().life == Some(2));
    }
}
