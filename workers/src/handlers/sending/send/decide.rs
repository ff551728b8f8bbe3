//! Step 1 of a hand-over: the texts that go now, and the fate of the others. `domain::hand_over`
//! decides; here are the locks and the writes, in an order in which others wait for the shortest
//! time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use muster_domain::{
    ids::{GroupId, MessageId},
    sending::{
        CancelReason, Decision, SHORTEST_LIFE,
        admission::Asks,
        cap::CarrierDay,
        hand_over::{self, BrandStop, QueuedText, Take, Terms},
        rate::SHORTEST_WAIT,
        wait::{Verdict, Wait},
    },
};
use muster_jobs::{kinds::BatchPartition, timer::TimerKind};
use muster_service::{clock, trace};
use muster_storage::{
    Tx,
    engine::{
        claim::{self, ClaimedJob},
        enqueue::{Origin, enqueue},
        timers,
    },
    sending::{
        self, Cancelled, Going, Queued,
        caps::{self, Taken},
        rates::{self, BrandHold, Limits, SeenBuckets},
    },
    tenancy::organizations::{self, Organization},
    trust::ledger,
};

use super::super::pace;
use crate::{Context, error::JobError};

/// Between two looks whether a restore is over (rule R6).
const RESTORED: Duration = Duration::from_secs(10);

/// When lanes and ledgers are locked, for which all workers of a brand wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locks {
    /// Optimistic: when all else is written, if there seems to be room for everything. Others wait
    /// for the shortest time, and everything is taken back in the rare case that somebody was
    /// quicker.
    Late,
    /// Before anything is written.
    First,
}

/// Step 1, done but for its commit.
pub(super) struct Marked {
    pub(super) tx: Tx,
    pub(super) organization: Organization,
    /// The texts that are marked for the carrier.
    pub(super) handed_over: Vec<Queued>,
    /// When all that decides was read, at the earliest.
    pub(super) decided: Instant,
    /// The database's time when all had been read.
    pub(super) now: DateTime<Utc>,
    /// When the carrier may still hear of one of them, at the latest.
    pub(super) latest: DateTime<Utc>,
    /// The brand's caps, in segments a day by carrier.
    pub(super) caps: BTreeMap<String, i64>,
}

/// Returns how long after the decision the carrier may be called.
pub(super) fn window(ctx: &Context) -> Duration {
    ctx.settings.engine.reconcile_after() / 2
}

/// Returns how long a call may take.
fn takes(ctx: &Context) -> Duration {
    ctx.settings.gateway.timeout()
}

/// The carrier may be called as late as the [`window`] from now, and take as long as it is waited
/// for; and then the text has to live long enough.
fn latest(ctx: &Context, now: DateTime<Utc>) -> DateTime<Utc> {
    now + window(ctx) + takes(ctx) + SHORTEST_LIFE
}

/// Step 1. `None` if others took the room that there seemed to be: nothing is written then.
pub(super) async fn mark(ctx: &Context, jobs: &[&ClaimedJob], locks: Locks) -> Result<Option<Marked>, JobError> {
    let mut tx = ctx.pool.begin_repeated().await?;
    let Some(first) = jobs.first() else { return Err(JobError::fail("no jobs")) };
    // From here to the commit no other attempt of these jobs can begin.
    claim::fence_all(&mut tx, jobs).await?;
    if let Some(id) = first.organization_id {
        organizations::lock_terms_shared(&mut tx, id).await?;
    }
    let organization = ctx.organization(&mut tx, first).await?;
    let decided = clock::start();
    let (queued, lost) = sending::lock_queued(&mut tx, jobs, &organization.settings).await?;
    if lost > 0 {
        tracing::warn!(messages = lost, "an earlier attempt left no outcome; the carrier will be asked");
    }
    let Some(now) = ledger::clock_unless_restored(&mut tx).await? else {
        let why = "the database came back from a backup: run muster ledger replay";
        return Err(JobError::NotYet { delay: RESTORED, why });
    };
    let latest = latest(ctx, now);
    if queued.is_empty() {
        let (handed_over, caps) = (Vec::new(), BTreeMap::new());
        return Ok(Some(Marked { tx, organization, handed_over, decided, now, latest, caps }));
    }
    let limits = rates::limits(&mut tx, organization.brand_id).await?;
    let mut step = Step::new(ctx, jobs, &organization, &limits, now, latest);
    step.decide(&mut tx, queued).await?;
    let marked = match locks {
        Locks::Late => step.mark_together(&mut tx).await?,
        Locks::First => Attempt::NoRoom,
    };
    let handed_over = match marked {
        Attempt::Marked => std::mem::take(&mut step.ready),
        Attempt::NoRoom => step.mark_in_order(&mut tx).await?,
        Attempt::TooLate => {
            tx.rollback().await?;
            return Ok(None);
        }
    };
    Ok(Some(Marked { tx, handed_over, decided, now, latest, caps: limits.caps, organization }))
}

/// The end of an optimistic attempt.
enum Attempt {
    /// Every text is marked.
    Marked,
    /// There is not room for all: nothing is written.
    NoRoom,
    /// Others took the room meanwhile: the transaction has to be taken back.
    TooLate,
}

/// The facts and decisions of one step 1.
struct Step<'a> {
    ctx: &'a Context,
    jobs: &'a [&'a ClaimedJob],
    organization: &'a Organization,
    limits: &'a Limits,
    terms: Terms,
    day: CarrierDay,
    /// The carrier's day ends before the last call is through.
    day_ends: bool,
    /// Texts that go if there is room for them.
    ready: Vec<Queued>,
    /// Texts that wait, with their groups.
    waits: Vec<(GroupId, MessageId, Wait)>,
    cancelled: Vec<Cancelled>,
}

impl<'a> Step<'a> {
    fn new(
        ctx: &'a Context,
        jobs: &'a [&'a ClaimedJob],
        organization: &'a Organization,
        limits: &'a Limits,
        now: DateTime<Utc>,
        latest: DateTime<Utc>,
    ) -> Self {
        let terms = Terms {
            stop: limits.hold.as_ref().map(stop_of),
            caps_initials: organization.settings.initials_cap().is_some(),
            now,
            latest,
            takes: TimeDelta::from_std(takes(ctx)).unwrap_or(TimeDelta::MAX),
        };
        let day = ctx.calendar.day(now);
        let day_ends = ctx.calendar.day(latest) != day;
        let (ready, waits, cancelled) = (Vec::new(), Vec::new(), Vec::new());
        Self { ctx, jobs, organization, limits, terms, day, day_ends, ready, waits, cancelled }
    }

    /// Decides about each text by itself. Contacts without a text because they are another agent's
    /// are given to that agent (rule W4): here, because a step that waits for another's job has no
    /// lanes or ledgers yet.
    async fn decide(&mut self, tx: &mut Tx, queued: Vec<Queued>) -> Result<(), JobError> {
        let decisions = self.terms.decide(&queued.iter().map(text_of).collect::<Vec<_>>());
        let mut taken_back = BTreeSet::new();
        for (message, decision) in queued.into_iter().zip(decisions) {
            if decision == Decision::Cancel(CancelReason::Reassigned) {
                taken_back.extend(message.goal_id);
            }
            self.apply(message, decision.into());
        }
        for goal_id in taken_back {
            let origin = Origin { organization_id: Some(self.organization.id), traceparent: trace::current() };
            enqueue(tx, &BatchPartition { goal_id }, &origin).await?;
        }
        Ok(())
    }

    fn apply(&mut self, message: Queued, verdict: Verdict) {
        match verdict {
            Verdict::Go => self.ready.push(message),
            Verdict::Wait(wait) => self.waits.push((message.group_id, message.id, wait)),
            Verdict::Cancel(reason) => self.cancelled.push(Cancelled { id: message.id, reason }),
        }
    }

    /// Returns the caps and lanes that each text that is ready counts against.
    fn asks(&self) -> Vec<Asks> {
        self.ready.iter().map(|message| asks_of(message, self.organization, self.limits)).collect()
    }

    /// Returns the lanes that texts which are ready go through, with the pace of each.
    fn paces(&self) -> BTreeMap<String, i64> {
        let in_lanes = self.ready.iter().filter(|message| !message.has_slot);
        in_lanes.flat_map(|message| pace::lanes_of(message, self.organization, self.limits)).collect()
    }

    /// Returns the optimistic protocol: marks every text, if there seems to be room for all of
    /// them.
    async fn mark_together(&self, tx: &mut Tx) -> Result<Attempt, JobError> {
        let (brand_id, now) = (self.organization.brand_id, self.terms.now);
        let (asks, paces) = (self.asks(), self.paces());
        let left = caps::left(tx, brand_id, &carriers(&asks), self.day).await?;
        let SeenBuckets { lanes, fresh } = rates::look(tx, &paces).await?;
        if !fresh.is_empty() {
            rates::make(&self.ctx.engine_pool, brand_id, &fresh).await?;
        }
        let seems = hand_over::room(left, lanes, self.day_ends);
        let Some(Take { lanes, segments }) = hand_over::admit_together(&seems, &asks, now) else {
            return Ok(Attempt::NoRoom);
        };
        let going: Vec<_> = self.ready.iter().zip(asks).map(|(message, asks)| (message.id, asks.cap)).collect();
        sending::hand_over(tx, self.jobs, &going, self.day, now).await?;
        self.write_kept(tx).await?;
        self.expect_outcomes(tx, &going).await?;
        // From here to the commit others wait for the lanes and for the brand's ledgers: after them
        // come only timers, as elsewhere, and none where nothing is held.
        if !caps::take_room(tx, brand_id, self.day, now, &Taken { lanes, segments }).await? {
            return Ok(Attempt::TooLate);
        }
        self.set_timers(tx).await?;
        self.log(going.len());
        Ok(Attempt::Marked)
    }

    /// Returns the protocol under locks: marks texts in their order, as far as there is room.
    /// Returns them.
    async fn mark_in_order(&mut self, tx: &mut Tx) -> Result<Vec<Queued>, JobError> {
        let (brand_id, now) = (self.organization.brand_id, self.terms.now);
        let (asks, paces) = (self.asks(), self.paces());
        // From here to the commit others wait for the lanes and for the brand's ledgers.
        let before = rates::lock(tx, brand_id, &paces).await?;
        let left = caps::lock_left(tx, brand_id, &carriers(&asks), self.day).await?;
        // Lanes are taken when they are had, however long that took.
        let taken_at = tx.clock().await?;
        let room = hand_over::room(left, before.clone(), self.day_ends);
        let admitted = hand_over::admit_in_order(room, &asks, taken_at);
        let tomorrow = self.ctx.calendar.next_day_starts(now);
        let (mut going, mut goes) = (Vec::<Going>::new(), Vec::new());
        for (message, answer) in std::mem::take(&mut self.ready).into_iter().zip(admitted.texts) {
            match answer {
                Ok(cap) => {
                    going.push((message.id, cap));
                    goes.push(message);
                }
                Err(stop) => {
                    let verdict = hand_over::stopped(&message.candidate, stop, tomorrow);
                    self.apply(message, verdict);
                }
            }
        }
        sending::hand_over(tx, self.jobs, &going, self.day, now).await?;
        self.expect_outcomes(tx, &going).await?;
        caps::reserve(tx, brand_id, self.day, &admitted.segments).await?;
        rates::store(tx, &before, &admitted.lanes).await?;
        self.write_kept(tx).await?;
        self.set_timers(tx).await?;
        self.log(going.len());
        Ok(goes)
    }

    /// Has texts that are marked for the carrier looked after if no outcome comes.
    async fn expect_outcomes(&self, tx: &mut Tx, going: &[Going]) -> Result<(), JobError> {
        if !going.is_empty() {
            let at = self.terms.now + self.ctx.settings.engine.reconcile_after();
            let jobs: Vec<_> = self.jobs.iter().map(|job| job.id.0).collect();
            timers::set_all(tx, TimerKind::ReconcileDue, &jobs, at, self.organization.id).await?;
        }
        Ok(())
    }

    /// Writes the texts that do not go.
    async fn write_kept(&self, tx: &mut Tx) -> Result<(), JobError> {
        let held: Vec<_> = self.waits.iter().map(|(_, id, wait)| pace::held(*id, wait)).collect();
        sending::hold(tx, &held).await?;
        sending::cancel(tx, &self.cancelled).await?;
        Ok(())
    }

    /// Sets the timers that bring back the texts that wait.
    async fn set_timers(&self, tx: &mut Tx) -> Result<(), JobError> {
        let organization_id = self.organization.id;
        if self.waits.iter().any(|(.., wait)| wait.lane.is_some()) {
            let at = self.terms.now + SHORTEST_WAIT;
            timers::set_earliest(tx, TimerKind::RateOpens, organization_id.0, at, organization_id).await?;
        }
        let waits = self.waits.iter().map(|(group_id, _, wait)| (*group_id, wait));
        pace::wake_when_waits_end(tx, self.organization, waits).await
    }

    fn log(&self, handed_over: usize) {
        tracing::info!(handed_over, held = self.waits.len(), cancelled = self.cancelled.len(), "decided");
    }
}

const fn text_of(message: &Queued) -> QueuedText<'_> {
    QueuedText { contact_id: message.contact_id, has_number: message.to.is_some(), candidate: &message.candidate }
}

fn stop_of(hold: &BrandHold) -> BrandStop {
    BrandStop { reason: hold.reason, until: hold.until }
}

/// Returns the cap and the lanes that a message counts against.
fn asks_of(message: &Queued, organization: &Organization, limits: &Limits) -> Asks {
    let unknown = organization.settings.unknown_carriers;
    let lanes =
        if message.has_slot { Vec::new() } else { pace::lanes_of(message, organization, limits).into_keys().collect() };
    Asks {
        cap: unknown.limit_of(&limits.caps, message.carrier.as_deref()).map(ToOwned::to_owned),
        lanes,
        segments: message.segments,
        urgent: !message.candidate.kind.belongs_to_goal(),
    }
}

/// Returns the carriers of the caps under which texts count.
fn carriers(asks: &[Asks]) -> Vec<String> {
    let carriers: BTreeSet<_> = asks.iter().filter_map(|asks| asks.cap.clone()).collect();
    carriers.into_iter().collect()
}
