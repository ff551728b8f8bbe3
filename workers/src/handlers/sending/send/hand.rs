//! Step 2 of a hand-over, right before each call: does the decision still hold? (rules S9 and S7a)
//!
//! A worker may have stood still since step 1, or for a moment have heard nothing. Its knowledge
//! counts for a moment only (`domain::sending::stops`). Then one proof of its ear serves all its
//! texts, and where the ear was away, one look at the rows serves all texts of this hand.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use muster_domain::{
    ids::MessageId,
    sending::{
        Decision, SHORTEST_LIFE,
        stops::{PROOF_FRESH_FOR, Standing},
    },
};
use muster_service::clock;
use muster_storage::{
    Pool,
    sending::{self, Queued, rates},
    tenancy::organizations::{self, Organization},
};
use tokio::time::timeout;
use uuid::Uuid;

use super::decide::Marked;
use crate::{
    Context,
    context::stops::{PATIENCE, Stops},
    metrics::WorkerMetrics,
};

/// Tries to know it fresh, in a database or on a machine that takes its time. The last one counts
/// however long its answer took.
const TRIES: u32 = 5;

/// Texts of one organization that are marked for the carrier.
#[derive(Debug)]
pub(super) struct Hand {
    stops: Stops,
    pool: Pool,
    metrics: WorkerMetrics,
    organization: Organization,
    caps: BTreeMap<String, i64>,
    /// When they were decided, and the database's time right after.
    decided: Instant,
    now: DateTime<Utc>,
    /// When the carrier's day ends, for texts that are decided now.
    day_ends: DateTime<Utc>,
    /// How long after the decision the carrier may be called.
    window: Duration,
    /// How long a call may take.
    takes: Duration,
    state: Mutex<State>,
    looking: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    looked: Instant,
    /// Not called for yet.
    waiting: BTreeSet<MessageId>,
    /// Forbidden by the last look.
    kept_back: BTreeSet<MessageId>,
}

impl Hand {
    pub(super) fn of(ctx: &Context, marked: &Marked, window: Duration) -> Arc<Self> {
        let waiting = marked.handed_over.iter().map(|message| message.id).collect();
        Arc::new(Self {
            stops: ctx.stops.clone(),
            pool: ctx.engine_pool.clone(),
            metrics: ctx.metrics.clone(),
            organization: marked.organization.clone(),
            caps: marked.caps.clone(),
            decided: marked.decided,
            now: marked.now,
            day_ends: ctx.calendar.next_day_starts(marked.latest),
            window,
            takes: ctx.settings.gateway.timeout(),
            state: Mutex::new(State { looked: marked.decided, waiting, kept_back: BTreeSet::new() }),
            looking: tokio::sync::Mutex::new(()),
        })
    }

    /// Returns whether the time for calls is over. The carrier may have been asked about these
    /// texts by then.
    pub(super) fn is_late(&self) -> bool {
        self.decided.elapsed() >= self.window
    }

    /// Returns how long the carrier may keep a text that it is called for now, however long the
    /// call takes. None when that is too short to make sense.
    pub(super) fn life(&self, message: &Queued) -> Option<Duration> {
        let until = message.candidate.lives_until(self.now, self.day_ends);
        let spent = TimeDelta::from_std(self.decided.elapsed() + self.takes).ok()?;
        let left = until - self.now - spent;
        if left < SHORTEST_LIFE { None } else { left.to_std().ok() }
    }

    /// Asks the last time, when the connection to the carrier stands: nothing has stopped, and no
    /// more time has passed since `begun` than a call may take.
    pub(super) async fn permits(self: Arc<Self>, id: MessageId, subjects: Vec<Uuid>, begun: Instant) -> bool {
        self.may_go(id, &subjects).await && begun.elapsed() < self.takes && !self.is_late()
    }

    /// Returns whether the carrier may be called for this text, which these concern. It takes a
    /// statement only where knowledge is not fresh.
    pub(super) async fn may_go(&self, id: MessageId, subjects: &[Uuid]) -> bool {
        for tries in 1..=TRIES {
            let fresh = if tries < TRIES { PROOF_FRESH_FOR } else { PATIENCE };
            let looked = {
                let state = self.state();
                if state.kept_back.contains(&id) {
                    return false;
                }
                state.looked
            };
            match self.stops.standing(subjects, looked, fresh) {
                Standing::Go => {
                    self.state().waiting.remove(&id);
                    return true;
                }
                Standing::Prove => self.stops.prove().await,
                Standing::Look if self.look_again().await => {}
                Standing::Stopped | Standing::Look => return false,
            }
        }
        false
    }

    /// Looks at the rows again, once for all texts that wait and for all calls that ask meanwhile.
    /// False when the database does not answer.
    async fn look_again(&self) -> bool {
        let asked = clock::start();
        let _one = self.looking.lock().await;
        let waiting: Vec<_> = {
            let state = self.state();
            if state.looked >= asked {
                return true;
            }
            state.waiting.iter().copied().collect()
        };
        let before = clock::start();
        self.metrics.checked("look");
        match timeout(PATIENCE, self.forbidden(&waiting)).await {
            Ok(Ok(forbidden)) => {
                let mut state = self.state();
                state.looked = before;
                state.kept_back.extend(forbidden);
                true
            }
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "texts could not be looked at again before their calls; they are kept back");
                false
            }
            Err(_) => {
                tracing::warn!("the database does not answer before calls; texts are kept back");
                false
            }
        }
    }

    /// Returns the texts that the same decision as before forbids now. On other terms than before
    /// all of them are decided anew.
    async fn forbidden(&self, waiting: &[MessageId]) -> muster_storage::Result<Vec<MessageId>> {
        let mut tx = self.pool.begin().await?;
        let organization = organizations::of_job(&mut tx, self.organization.id).await?;
        let limits = rates::limits(&mut tx, self.organization.brand_id).await?;
        let same = organization.is_some_and(|it| it.settings == self.organization.settings);
        if !same || limits.hold.is_some() || limits.caps != self.caps {
            return Ok(waiting.to_vec());
        }
        let messages = sending::read(&mut tx, waiting, &self.organization.settings).await?;
        let now = tx.clock().await?;
        tx.rollback().await?;
        let goes = |message: &Queued| message.to.is_some() && message.candidate.decide(now) == Decision::HandOver;
        let go: BTreeSet<_> = messages.iter().filter(|message| goes(message)).map(|message| message.id).collect();
        Ok(waiting.iter().copied().filter(|id| !go.contains(id)).collect())
    }

    /// Returns the ids that concern a text: a stop of any of them keeps it back.
    pub(super) fn subjects(&self, message: &Queued) -> Vec<Uuid> {
        let goal = message.goal_id.map(|id| id.0);
        let others = [message.contact_id.0, self.organization.id.0, self.organization.brand_id.0];
        goal.into_iter().chain(others).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
