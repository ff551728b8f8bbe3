//! Rates of requests, by token or session and by account, over all processes.
//!
//! The buckets are in Postgres. A process takes tokens out of one a hundredth at a time and hands
//! them to its requests from memory, so that the database is asked once for many requests. Exact is
//! the upper bound: no more requests are let through than the buckets have tokens, however many
//! processes there are. Tokens that a process has taken and not handed out within [`KEPT`] are
//! lost, so that each process may leave up to a hundredth of a bucket unused.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use muster_domain::engine::bucket::{BucketKind, Empty, Rate};
use muster_service::clock;
use muster_storage::{
    engine::buckets,
    tenancy::sign_in::credentials::{Credential, CredentialId},
};
use tokio::sync::Mutex as Line;
use uuid::Uuid;

use crate::{problem::Problem, state::Api};

/// How long tokens that were taken are kept: the time in which the buckets fill, so that a client
/// with a request every few seconds costs a transaction a minute.
const KEPT: Duration = Duration::from_mins(1);

/// Parts of a bucket that a process takes at a time.
const PARTS: u32 = 100;

/// Tokens that a process takes at a time at most.
const MOST: u32 = 1_000;

/// Buckets that a process remembers.
const REMEMBERED: usize = 50_000;

/// One of so many requests that ask for a bucket forgets some of those that are full again, more of
/// them than were made since.
const FORGETS_EVERY: u64 = 16;

/// Requests that ask for different buckets at the same time at most.
const LINES: usize = 64;

/// Tokens that this process has taken and not handed out, by bucket.
#[derive(Debug)]
pub(crate) struct Rates {
    taken: Mutex<HashMap<(BucketKind, Uuid), Taken>>,
    /// Requests that want to ask for one bucket wait for one another, and the first asks for them
    /// all.
    lines: [Line<()>; LINES],
    /// How often a bucket was asked.
    asked: AtomicU64,
}

impl Default for Rates {
    fn default() -> Self {
        Self { taken: Mutex::default(), lines: std::array::from_fn(|_| Line::default()), asked: AtomicU64::new(0) }
    }
}

#[derive(Debug, Clone, Copy)]
struct Taken {
    left: u32,
    /// From then on the tokens are lost, or the bucket that was empty is asked again.
    until: Instant,
    empty: bool,
}

/// The next step of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Go,
    Ask,
    Refuse {
        /// Seconds until there may be a token.
        seconds: i64,
    },
}

impl Rates {
    /// Counts a request; refuses one too many with 429.
    pub(crate) async fn count(&self, api: &Api, credential: &Credential) -> Result<(), Problem> {
        let http = &api.settings.http;
        let id = match credential.id {
            CredentialId::Token(id) => id,
            CredentialId::Session(id) => id.0,
        };
        let own = (BucketKind::Credential, id, Rate::a_minute(http.token_requests_a_minute));
        let account =
            (BucketKind::Account, credential.member.account_id.0, Rate::a_minute(http.account_requests_a_minute));
        for (kind, id, rate) in [own, account] {
            let seconds = match self.step((kind, id), clock::start()) {
                Step::Go => continue,
                Step::Refuse { seconds } => seconds,
                Step::Ask => match self.ask(api, (kind, id), rate).await? {
                    Ok(()) => continue,
                    Err(seconds) => seconds,
                },
            };
            let whose = if kind == BucketKind::Account { "the account" } else { "the token or session" };
            return Err(Problem::rate_limit(format!("{whose} makes more requests than are allowed")).after(seconds));
        }
        Ok(())
    }

    /// Takes tokens out of a bucket, one of them for this request; else the seconds until there may
    /// be one.
    async fn ask(&self, api: &Api, bucket: (BucketKind, Uuid), rate: Rate) -> Result<Result<(), i64>, Problem> {
        let (kind, id) = bucket;
        let line = id.as_bytes()[15] as usize % LINES;
        let _turn = self.lines[line].lock().await;
        // Another request may have asked meanwhile.
        match self.step(bucket, clock::start()) {
            Step::Go => return Ok(Ok(())),
            Step::Refuse { seconds } => return Ok(Err(seconds)),
            Step::Ask => {}
        }
        let wanted = (rate.tokens / PARTS).clamp(1, MOST);
        let mut tx = api.pool.begin_lossy().await?;
        let taken = buckets::take(&mut tx, kind, id.as_bytes(), rate, wanted).await?;
        if self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGETS_EVERY) {
            buckets::forget(&mut tx).await?;
        }
        tx.commit_unrecorded().await?;
        match taken {
            Ok(taken) => {
                self.keep(bucket, taken - 1, clock::start());
                Ok(Ok(()))
            }
            Err(Empty { seconds }) => {
                self.wait(bucket, Duration::from_secs(seconds.unsigned_abs()), clock::start());
                Ok(Err(seconds))
            }
        }
    }

    fn step(&self, bucket: (BucketKind, Uuid), now: Instant) -> Step {
        let mut all = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(&bucket) {
            Some(taken) if taken.until <= now => Step::Ask,
            Some(taken) if taken.left > 0 => {
                taken.left -= 1;
                Step::Go
            }
            Some(taken) if taken.empty => {
                let wait = taken.until.saturating_duration_since(now);
                Step::Refuse { seconds: i64::try_from(wait.as_secs() + 1).unwrap_or(i64::MAX) }
            }
            Some(_) | None => Step::Ask,
        }
    }

    /// Keeps tokens that were taken, beside those that are left.
    fn keep(&self, bucket: (BucketKind, Uuid), taken: u32, now: Instant) {
        let mut all = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        let before = all.get(&bucket).filter(|before| before.until > now).map_or(0, |before| before.left);
        all.insert(bucket, Taken { left: before.saturating_add(taken), until: now + KEPT, empty: false });
    }

    /// Remembers that a bucket is empty for so long.
    fn wait(&self, bucket: (BucketKind, Uuid), time: Duration, now: Instant) {
        let mut all = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        // Others may have got its last tokens.
        let has_some = all.get(&bucket).is_some_and(|taken| taken.until > now && taken.left > 0);
        if !has_some {
            all.insert(bucket, Taken { left: 0, until: now + time, empty: true });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_handed_out_from_memory_until_they_are_used_or_lost() {
        let (rates, now, bucket) = (Rates::default(), clock::start(), (BucketKind::Account, Uuid::nil()));
        assert_eq!(rates.step(bucket, now), Step::Ask);
        rates.keep(bucket, 2, now);
        // Another request has asked as well.
        rates.keep(bucket, 1, now);
        for _ in 0..3 {
            assert_eq!(rates.step(bucket, now), Step::Go);
        }
        assert_eq!(rates.step(bucket, now), Step::Ask);
        rates.keep(bucket, 5, now);
        assert_eq!(rates.step(bucket, now + KEPT), Step::Ask, "they are lost");
        assert_eq!(rates.step((BucketKind::Credential, Uuid::nil()), now), Step::Ask, "another bucket");
    }

    #[test]
    fn an_empty_bucket_is_not_asked_again_before_it_can_have_a_token() {
        let (rates, now, bucket) = (Rates::default(), clock::start(), (BucketKind::Account, Uuid::nil()));
        rates.wait(bucket, Duration::from_secs(3), now);
        assert_eq!(rates.step(bucket, now), Step::Refuse { seconds: 4 });
        assert_eq!(rates.step(bucket, now + Duration::from_secs(3)), Step::Ask);
    }
}
