//! Step 1 of a hand-over: which texts go now, and what becomes of the others.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use muster_domain::{
    ids::{GroupId, MessageId},
    sending::{
        CancelReason, Decision, HoldReason, SHORTEST_LIFE,
        admission::{Admission, Asks, Stop},
        message::MessageKind,
        rate::{Full, Lanes, TICK},
    },
};
use muster_jobs::{payloads::BatchPartition, timer::TimerKind};
use muster_service::{clock, trace};
use muster_storage::{
    Tx,
    engine::{
        claim::{self, ClaimedJob},
        enqueue::{Origin, enqueue},
        timers,
    },
    sending::{
        self, Going, Held, Queued,
        caps::{self, Taken},
        rates::{self, BrandHold, Limits},
    },
    tenancy::organizations::{self, Organization},
};

use super::super::pace;
use crate::{Context, error::JobError};

/// When lanes and ledgers are locked, for which all workers of a brand wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locks {
    /// When all else is written, if there seems to be room for everything: others wait for the shortest time, and everything is taken back
    /// in the rare case that somebody was quicker.
    Late,
    /// Before anything is written.
    First,
}

/// Step 1, done but for its commit.
pub(super) struct Marked {
    pub(super) tx: Tx,
    pub(super) organization: Organization,
    /// What is marked for the carrier.
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

/// How long after the decision the carrier may be called.
pub(super) fn window(ctx: &Context) -> Duration {
    Duration::from_secs(ctx.settings.reconcile_after_seconds) / 2
}

/// How long a call may take.
fn takes(ctx: &Context) -> Duration {
    Duration::from_millis(ctx.settings.carrier_timeout_ms)
}

/// The carrier may be called as late as the [`window`] from now, and take as long as it is waited for; and then the text has to live long enough.
fn latest(ctx: &Context, now: DateTime<Utc>) -> DateTime<Utc> {
    now + window(ctx) + takes(ctx) + SHORTEST_LIFE
}

/// Step 1. `None` if others took what there seemed to be room for: nothing is written then.
pub(super) async fn mark(ctx: &Context, jobs: &[&ClaimedJob], locks: Locks) -> Result<Option<Marked>, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let Some(first) = jobs.first() else { return Err(JobError::fail("no jobs")) };
    // From here to the commit no other attempt of these jobs can begin.
    claim::fence_all(&mut tx, jobs).await?;
    if let Some(id) = first.organization_id {
        organizations::keep_terms(&mut tx, id).await?;
    }
    let lost = sending::mark_unknown(&mut tx, jobs).await?;
    if lost > 0 {
        tracing::warn!(messages = lost, "an earlier attempt left no outcome; the carrier will be asked");
    }
    let organization = ctx.organization(&mut tx, first).await?;
    let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
    let decided = clock::start();
    let queued = sending::lock_queued(&mut tx, &ids, &organization.settings).await?;
    let now = tx.clock().await?;
    let handed_over = if queued.is_empty() {
        Some((Vec::new(), BTreeMap::new()))
    } else {
        decide(ctx, &mut tx, jobs, &organization, queued, now, locks).await?
    };
    Ok(match handed_over {
        Some((handed_over, caps)) => {
            Some(Marked { tx, organization, handed_over, decided, now, latest: latest(ctx, now), caps })
        }
        None => {
            tx.rollback().await?;
            None
        }
    })
}

/// Decides about each message, and marks those that go now; answers them with the caps that count. Hours and the carrier's day have to last until
/// the [`latest`].
async fn decide(
    ctx: &Context,
    tx: &mut Tx,
    jobs: &[&ClaimedJob],
    organization: &Organization,
    queued: Vec<Queued>,
    now: DateTime<Utc>,
    locks: Locks,
) -> Result<Option<(Vec<Queued>, BTreeMap<String, i64>)>, JobError> {
    let mut verdicts = Verdicts::default();
    let mut taken_back = BTreeSet::new();
    let limits = rates::limits(tx, organization.brand_id).await?;
    let latest = latest(ctx, now);
    let takes = TimeDelta::from_std(takes(ctx)).unwrap_or(TimeDelta::MAX);
    for message in queued {
        let decision = match &limits.hold {
            _ if message.to.is_none() => Decision::Cancel(CancelReason::Redacted),
            Some(hold) => held_with_brand(&message, hold, now),
            None => message.candidate.decide_until(now, latest, takes),
        };
        if decision == Decision::Cancel(CancelReason::Reassigned) {
            taken_back.extend(message.goal_id);
        }
        verdicts.apply(message, decision);
    }
    verdicts.one_initial_each(organization, now);
    // Whom nothing is sent to is given to their new agent (rule W4). Here, because whoever waits for another's job has no lanes or ledgers yet.
    for goal_id in taken_back {
        let origin = Origin { organization_id: Some(organization.id), traceparent: trace::current() };
        enqueue(tx, &BatchPartition { goal_id }, &origin).await?;
    }
    let ready = std::mem::take(&mut verdicts.ready);
    let asks: Vec<_> = ready.iter().map(|message| asks(message, organization, &limits)).collect();
    let paces = ready.iter().filter(|message| !message.has_slot);
    let paces: BTreeMap<_, _> = paces.flat_map(|message| pace::lanes_of(message, organization, &limits)).collect();
    let caps: BTreeSet<_> = asks.iter().filter_map(|asks| asks.cap.clone()).collect();
    let caps: Vec<_> = caps.into_iter().collect();
    let (brand_id, day) = (organization.brand_id, ctx.calendar.day(now));
    let ends = ctx.calendar.day(latest) != day;

    let going: Vec<_> = ready.iter().zip(&asks).map(|(message, asks)| (message.id, asks.cap.clone())).collect();
    if locks == Locks::Late {
        let (left, (looked, fresh)) = (caps::left(tx, brand_id, &caps, day).await?, rates::look(tx, &paces).await?);
        if !fresh.is_empty() {
            rates::make(&ctx.engine_pool, brand_id, &fresh).await?;
        }
        let mut seems = room(left, looked.clone(), ends);
        if asks.iter().all(|asks| seems.admit(asks, now).is_ok()) {
            sending::hand_over(tx, jobs, &going, day, now).await?;
            verdicts.write(tx).await?;
            expect_outcomes(ctx, tx, jobs, organization, &going, now).await?;
            // From here to the commit others wait for the lanes and for the brand's ledgers: after them come only timers, as elsewhere,
            // and none where nothing is held.
            let taken = Taken { lanes: seems.lanes.taken_since(&looked, now), segments: by_carrier(&asks) };
            if !caps::take_room(tx, brand_id, day, now, &taken).await? {
                return Ok(None);
            }
            verdicts.set_timers(tx, organization, now).await?;
            verdicts.log(ready.len());
            return Ok(Some((ready, limits.caps)));
        }
    }
    // From here to the commit others wait for the lanes and for the brand's ledgers.
    let before = rates::lock(tx, brand_id, &paces).await?;
    let mut admission = room(caps::lock_left(tx, brand_id, &caps, day).await?, before.clone(), ends);
    // Lanes are taken when they are had, however long that took.
    let taken_at = tx.clock().await?;
    let (mut admitted, mut admitted_asks, mut stays) = (Vec::with_capacity(ready.len()), Vec::new(), Vec::new());
    for (message, mut asks) in ready.into_iter().zip(asks) {
        match admission.admit(&asks, taken_at) {
            Ok(()) => {
                asks.cap = asks.cap.filter(|carrier| admission.left.contains_key(carrier));
                admitted.push(message);
                admitted_asks.push(asks);
            }
            Err(stop) => stays.push((message, stop)),
        }
    }
    let going = admitted.iter().zip(&admitted_asks).map(|(message, asks)| (message.id, asks.cap.clone()));
    let going: Vec<_> = going.collect();
    sending::hand_over(tx, jobs, &going, day, now).await?;
    expect_outcomes(ctx, tx, jobs, organization, &going, now).await?;
    caps::reserve(tx, brand_id, day, &by_carrier(&admitted_asks)).await?;
    rates::store(tx, &before, &admission.lanes).await?;
    let tomorrow = ctx.calendar.next_day_starts(now);
    for (message, stop) in stays {
        match stop {
            Stop::Cap => {
                let decision = message.candidate.hold(HoldReason::Cap, tomorrow);
                verdicts.apply(message, decision);
            }
            Stop::Rate(full) => verdicts.wait_for(&message, full),
        }
    }
    verdicts.write(tx).await?;
    verdicts.set_timers(tx, organization, now).await?;
    verdicts.log(admitted.len());
    Ok(Some((admitted, limits.caps)))
}

/// The segments that texts count under caps, by carrier.
fn by_carrier(asks: &[Asks]) -> BTreeMap<String, i64> {
    let mut segments = BTreeMap::new();
    for asks in asks {
        if let Some(carrier) = &asks.cap {
            *segments.entry(carrier.clone()).or_default() += asks.segments;
        }
    }
    segments
}

/// Has what is marked for the carrier looked after if no outcome comes.
async fn expect_outcomes(
    ctx: &Context,
    tx: &mut Tx,
    jobs: &[&ClaimedJob],
    organization: &Organization,
    going: &[Going],
    now: DateTime<Utc>,
) -> Result<(), JobError> {
    if !going.is_empty() {
        let at = now + Duration::from_secs(ctx.settings.reconcile_after_seconds);
        let jobs: Vec<_> = jobs.iter().map(|job| job.id.0).collect();
        timers::set_all(tx, TimerKind::ReconcileDue, &jobs, at, organization.id).await?;
    }
    Ok(())
}

/// What a brand has room for. When the carrier's day `ends` before the last call is through, nothing is left of it: what the carrier would
/// have after midnight would count on another day than it is reserved for.
fn room(mut left: BTreeMap<String, i64>, lanes: Lanes, ends: bool) -> Admission {
    if ends {
        for left in left.values_mut() {
            *left = 0;
        }
    }
    Admission { left, lanes }
}

/// What was decided about the messages of a job.
#[derive(Default)]
struct Verdicts {
    ready: Vec<Queued>,
    held: Vec<(GroupId, Held)>,
    cancelled: Vec<(MessageId, &'static str)>,
}

impl Verdicts {
    fn apply(&mut self, message: Queued, decision: Decision) {
        match decision {
            Decision::HandOver => self.ready.push(message),
            Decision::Hold(reason, until) => {
                let held = Held { id: message.id, reason: reason.as_str(), until, lane: None };
                self.held.push((message.group_id, held));
            }
            Decision::Cancel(reason) => self.cancelled.push((message.id, reason.as_str())),
        }
    }

    /// When it can expect to go is a guess: nothing is cancelled by it. A goal that closes first cancels when it closes.
    fn wait_for(&mut self, message: &Queued, full: Full) {
        let until = match message.candidate.hold(HoldReason::Rate, full.expected_at) {
            Decision::Hold(_, until) => until,
            Decision::HandOver | Decision::Cancel(_) => Some(full.expected_at),
        };
        let held = Held { id: message.id, reason: HoldReason::Rate.as_str(), until, lane: Some(full.lane) };
        self.held.push((message.group_id, held));
    }

    fn log(&self, handed_over: usize) {
        tracing::info!(handed_over, held = self.held.len(), cancelled = self.cancelled.len(), "decided");
    }

    /// Writes what does not go.
    async fn write(&self, tx: &mut Tx) -> Result<(), JobError> {
        let held: Vec<_> = self.held.iter().map(|(_, held)| held.clone()).collect();
        sending::hold(tx, &held).await?;
        sending::cancel(tx, &self.cancelled).await?;
        Ok(())
    }

    /// Sets the timers that bring back what is held.
    async fn set_timers(&self, tx: &mut Tx, organization: &Organization, now: DateTime<Utc>) -> Result<(), JobError> {
        if self.held.iter().any(|(_, held)| held.lane.is_some()) {
            timers::set_earliest(tx, TimerKind::RateOpens, organization.id.0, now + TICK, organization.id).await?;
        }
        pace::wake_when_held_ends(tx, organization, &self.held).await
    }

    /// Under a cap on initials (rule S12), only the first of two to one contact goes: the second is decided when the first counts.
    fn one_initial_each(&mut self, organization: &Organization, now: DateTime<Utc>) {
        if organization.settings.initials_per_day.is_none() {
            return;
        }
        let mut seen = BTreeSet::new();
        for message in std::mem::take(&mut self.ready) {
            let second = message.candidate.kind == MessageKind::Initial && !seen.insert(message.contact_id);
            let decision = if second {
                message.candidate.hold(HoldReason::Frequency, now + TimeDelta::minutes(1))
            } else {
                Decision::HandOver
            };
            self.apply(message, decision);
        }
    }
}

/// While a carrier's hold lasts nothing of the brand goes (rule S7); what would not go anyway says why itself.
fn held_with_brand(message: &Queued, hold: &BrandHold, now: DateTime<Utc>) -> Decision {
    let reason = if hold.reason == HoldReason::Cap.as_str() { HoldReason::Cap } else { HoldReason::Carrier };
    match (message.candidate.decide(now), hold.until) {
        (Decision::HandOver, Some(until)) => message.candidate.hold(reason, until),
        (Decision::HandOver, None) => Decision::Hold(reason, None),
        (decision, _) => decision,
    }
}

/// What a message counts against.
fn asks(message: &Queued, organization: &Organization, limits: &Limits) -> Asks {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_nothing_is_left_of_a_day_that_may_end_before_the_carrier_has_the_text() {
        let now = "2026-11-22T07:59:30Z".parse().unwrap();
        let asks =
            |cap: Option<&str>| Asks { cap: cap.map(ToOwned::to_owned), lanes: Vec::new(), segments: 1, urgent: false };
        let left = || BTreeMap::from([("t-mobile".to_owned(), 100)]);
        assert!(room(left(), Lanes::default(), false).admit(&asks(Some("t-mobile")), now).is_ok());
        let mut ending = room(left(), Lanes::default(), true);
        assert!(matches!(ending.admit(&asks(Some("t-mobile")), now), Err(Stop::Cap)));
        assert!(ending.admit(&asks(None), now).is_ok(), "what no cap counts goes");
    }
}
