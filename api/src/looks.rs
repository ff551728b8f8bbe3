//! Looks at the database that many listeners share: however many listen, it is asked as often as
//! for one.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use muster_service::clock;
use muster_storage::tenancy::{members::Member, sign_in::credentials};
use tokio::sync::Mutex as Turn;

use crate::{problem::Problem, state::Api};

/// The last look and its instant.
type Seen<V> = Turn<Option<(Instant, V)>>;

/// Shared looks of listeners, by their subject.
#[derive(Debug)]
pub(crate) struct Looks<K, V>(Mutex<HashMap<K, Weak<Seen<V>>>>);

impl<K, V> Default for Looks<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Looks<K, V> {
    /// Begins to listen; while there is a listener, the last look is kept.
    pub(crate) fn listen(&self, key: K) -> Look<V> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = all.get(&key).and_then(Weak::upgrade) {
            return Look(seen);
        }
        all.retain(|_, seen| seen.strong_count() > 0);
        let seen = Arc::default();
        all.insert(key, Arc::downgrade(&seen));
        Look(seen)
    }
}

/// One listener's part in a look.
#[derive(Debug)]
pub(crate) struct Look<V>(Arc<Seen<V>>);

impl<V: Clone> Look<V> {
    /// Returns the look of the last `age`, or a new one. Listeners that look at the same time wait
    /// for one answer.
    pub(crate) async fn at<E>(
        &self,
        age: Duration,
        ask: impl Future<Output = Result<V, E>>,
    ) -> Result<(Instant, V), E> {
        let mut seen = self.0.lock().await;
        if let Some((at, value)) = seen.as_ref().filter(|(at, _)| at.elapsed() < age) {
            return Ok((*at, value.clone()));
        }
        let asked = clock::start();
        let value = ask.await?;
        *seen = Some((asked, value.clone()));
        Ok((asked, value))
    }
}

/// How old the knowledge may be that a listener's token is in force.
const TOKEN_CACHE_AGE: Duration = Duration::from_secs(2);

type Members = Arc<HashMap<Vec<u8>, Member>>;

/// Listeners by the hashes of their tokens.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    tokens: Mutex<HashMap<Vec<u8>, usize>>,
    members: Looks<(), Members>,
}

impl Listeners {
    /// Returns a request with a token that was in force just now begins to listen.
    pub(crate) fn listen(self: &Arc<Self>, secret_hash: Vec<u8>) -> Listener {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        *tokens.entry(secret_hash.clone()).or_default() += 1;
        drop(tokens);
        Listener { all: Arc::clone(self), look: self.members.listen(()), secret_hash, since: clock::start() }
    }
}

/// A request that listens, until it is dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    all: Arc<Listeners>,
    look: Look<Members>,
    secret_hash: Vec<u8>,
    since: Instant,
}

impl Listener {
    /// Returns the token's member as they are now; none when the token is not in force any more.
    /// `before` is the member before the change.
    pub(crate) async fn member(&self, api: &Api, before: &Member) -> Result<Option<Member>, Problem> {
        let ask = async {
            let tokens: Vec<Vec<u8>> =
                self.all.tokens.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
            let found = credentials::by_secrets(&api.pool, &tokens).await?;
            Ok::<_, Problem>(Arc::new(
                found.into_iter().map(|token| (token.secret_hash, token.member)).collect::<HashMap<_, _>>(),
            ))
        };
        let (asked, members) = self.look.at(TOKEN_CACHE_AGE, ask).await?;
        if asked < self.since {
            return Ok(Some(before.clone()));
        }
        Ok(members.get(&self.secret_hash).cloned())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut tokens = self.all.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listening) = tokens.get_mut(&self.secret_hash) {
            *listening -= 1;
            if *listening == 0 {
                tokens.remove(&self.secret_hash);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn a_hundred_listeners_ask_once() {
        let looks = Looks::<u8, usize>::default();
        let asked = AtomicUsize::new(0);
        let listeners: Vec<_> = (0..100).map(|_| looks.listen(1)).collect();
        let seen = futures::future::join_all(listeners.iter().map(|look| {
            look.at(Duration::from_hours(1), async {
                tokio::task::yield_now().await;
                Ok::<_, Infallible>(asked.fetch_add(1, Ordering::Relaxed))
            })
        }))
        .await;
        assert!(seen.into_iter().all(|seen| seen.is_ok_and(|(_, value)| value == 0)));
        assert_eq!(asked.into_inner(), 1);
    }

    #[tokio::test]
    async fn what_is_old_is_asked_for_again_and_an_error_is_not_kept() {
        let look = Looks::<u8, u8>::default().listen(1);
        assert!(look.at(Duration::ZERO, async { Err::<u8, _>(()) }).await.is_err());
        for wanted in 1..4 {
            assert_eq!(look.at(Duration::ZERO, async { Ok::<_, ()>(wanted) }).await.unwrap().1, wanted);
        }
    }

    #[test]
    fn what_nobody_listens_to_is_forgotten() {
        let looks = Looks::<u8, u8>::default();
        drop(looks.listen(1));
        let _second = looks.listen(2);
        assert_eq!(looks.0.lock().unwrap().len(), 1);
    }
}
