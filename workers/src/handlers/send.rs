//! `send`: hands queued messages to the carrier (rules S1, S2, S3, S7 and S9).
//!
//! Three steps, and a crash between any two loses nothing and repeats nothing:
//! 1. One transaction decides about each message by what is true now, takes its time in its lanes, reserves its segments under the cap and
//!    marks it `sending`.
//! 2. The carrier is called, outside any transaction, and only while this attempt's time for it lasts.
//! 3. One transaction records what the carrier made of them and completes the job.
//!
//! If the worker dies in step 2, the messages stay `sending`. A later attempt never calls the carrier for them: it makes them `unknown`,
//! and `message-reconcile`, whose timer step 1 has set, settles them by asking the carrier.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{FutureExt, StreamExt, stream};
use muster_carrier::{Gateway, OutboundText, Outcome, codes};
use muster_domain::{
    admission::{Admission, Asks, Stop},
    ids::{GroupId, MessageId},
    message::MessageKind,
    rate::{Full, TICK},
    sending::{CancelReason, Decision, HoldReason},
};
use muster_jobs::{payloads::Send, timer::TimerKind};
use muster_service::{clock, trace};
use muster_storage::{
    Tx, caps,
    engine::{
        claim::{self, ClaimedJob},
        timers,
    },
    organizations::{self, Organization},
    rates::{self, BrandHold, Limits},
    sending::{self, Held, Outcomes, Queued},
};
use tracing::{Instrument, info_span};

use super::pace;
use crate::{Context, error::JobError};

/// Hand-overs of a message without a goal's window after which a passing error counts as final. Others are tried as long as their window is
/// open (rule S7).
const MAX_SEND_ATTEMPTS: i32 = 12;
/// How long a text waits when the carrier takes nothing from the account at all.
const STOPPED_SECONDS: u32 = 3_600;

pub(crate) async fn run(ctx: &Context, job: &ClaimedJob, _payload: Send) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    // From here to the commit no other attempt of this job can begin.
    claim::fence(&mut tx, job).await?;
    if let Some(id) = job.organization_id {
        organizations::keep_settings(&mut tx, id).await?;
    }
    let lost = sending::mark_unknown(&mut tx, job).await?;
    if lost > 0 {
        tracing::warn!(messages = lost, "an earlier attempt left no outcome; the carrier will be asked");
    }
    let organization = ctx.organization(&mut tx, job).await?;
    let queued = sending::lock_queued(&mut tx, job.id, &organization.settings).await?;
    if queued.is_empty() {
        return Ok(tx);
    }
    let decided = clock::start();
    let now = tx.clock().await?;
    let reconcile_after = Duration::from_secs(ctx.settings.reconcile_after_seconds);
    let window = reconcile_after / 2;
    let handed_over = decide(ctx, &mut tx, job, &organization, queued, now, window).await?;
    if handed_over.is_empty() {
        return Ok(tx);
    }
    timers::set(&mut tx, TimerKind::ReconcileDue, job.id.0, now + reconcile_after, organization.id).await?;
    tx.commit().await?;

    let outcomes = call_carrier(ctx, &handed_over, decided, window).await;

    let mut tx = ctx.pool.begin().await?;
    record(ctx, &mut tx, job, &organization, &handed_over, outcomes).await?;
    Ok(tx)
}

/// Step 1: decides about each message, and marks those that go now. The carrier may be called for them as late as `window` from now: hours and
/// the carrier's day have to last so long.
async fn decide(
    ctx: &Context,
    tx: &mut Tx,
    job: &ClaimedJob,
    organization: &Organization,
    queued: Vec<Queued>,
    now: DateTime<Utc>,
    window: Duration,
) -> Result<Vec<Queued>, JobError> {
    let mut verdicts = Verdicts::default();
    let limits = rates::limits(tx, organization.brand_id).await?;
    let latest = now + window;
    for message in queued {
        let decision = match &limits.hold {
            _ if message.to.is_none() => Decision::Cancel(CancelReason::Redacted),
            Some(hold) => held_with_brand(&message, hold, now),
            None => message.candidate.decide_until(now, latest),
        };
        verdicts.apply(message, decision);
    }
    verdicts.one_initial_each(organization, now);
    let mut ready = std::mem::take(&mut verdicts.ready);
    if !ready.is_empty() {
        // From here to the commit others wait for the lanes and for the brand's ledgers: as little as can be is done.
        let day = ctx.calendar.day(now);
        let asks: Vec<_> = ready.iter().map(|message| asks(message, organization, &limits)).collect();
        let paces = ready.iter().filter(|message| !message.has_slot);
        let paces: BTreeMap<_, _> = paces.flat_map(|message| pace::lanes_of(message, organization, &limits)).collect();
        let before = rates::lock(tx, organization.brand_id, &paces).await?;
        let caps: BTreeSet<_> = asks.iter().filter_map(|asks| asks.cap.clone()).collect();
        let mut left = caps::lock_left(tx, organization.brand_id, &caps.into_iter().collect::<Vec<_>>(), day).await?;
        if ctx.calendar.day(latest) != day {
            // What the carrier would have after midnight would count on another day than it is reserved for.
            for left in left.values_mut() {
                *left = 0;
            }
        }
        let mut admission = Admission { left, lanes: before.clone() };
        let mut going = Vec::with_capacity(ready.len());
        let tomorrow = ctx.calendar.next_day_starts(now);
        let mut stays = Vec::new();
        ready = ready
            .into_iter()
            .zip(asks)
            .filter_map(|(message, asks)| match admission.admit(&asks, now) {
                Ok(()) => {
                    let cap = asks.cap.filter(|carrier| admission.left.contains_key(carrier));
                    going.push((message.id, cap));
                    Some(message)
                }
                Err(stop) => {
                    stays.push((message, stop));
                    None
                }
            })
            .collect();
        sending::hand_over(tx, job, &going, organization.brand_id, day, now).await?;
        rates::store(tx, &before, &admission.lanes).await?;
        for (message, stop) in stays {
            match stop {
                Stop::Cap => {
                    let decision = message.candidate.hold(HoldReason::Cap, tomorrow);
                    verdicts.apply(message, decision);
                }
                Stop::Rate(full) => verdicts.wait_for(&message, full),
            }
        }
    }
    let lanes = verdicts.held.iter().any(|(_, held)| held.lane.is_some());
    if lanes {
        timers::set_earliest(tx, TimerKind::RateOpens, organization.id.0, now + TICK, organization.id).await?;
    }
    pace::wake_when_held_ends(tx, organization, &verdicts.held).await?;
    let (held, cancelled) = (verdicts.held.len(), verdicts.cancelled.len());
    sending::hold(tx, &verdicts.held.into_iter().map(|(_, held)| held).collect::<Vec<_>>()).await?;
    sending::cancel(tx, &verdicts.cancelled).await?;
    tracing::info!(handed_over = ready.len(), held, cancelled, "decided");
    Ok(ready)
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

/// Step 2: calls the carrier for each message, some at a time. Nothing is called once `time` is over since the decision: an attempt that was
/// stopped and wakes up late hands nothing over, because the carrier may have been asked about its messages by then. Nor is anything
/// called of a goal that has stopped since it was decided, or for a contact who opted out, was taken from the agent or is to be left
/// alone for another reason: the answer for that is none.
async fn call_carrier(ctx: &Context, messages: &[Queued], decided: Instant, time: Duration) -> Vec<Option<Outcome>> {
    let calls = messages.iter().map(|message| {
        let (gateway, stops, message) = (Arc::clone(&ctx.gateway), ctx.stops.clone(), message.clone());
        async move {
            let of_goal = message.goal_id.is_some_and(|goal_id| stops.since(goal_id.0, decided));
            if of_goal || stops.since(message.contact_id.0, decided) {
                return None;
            }
            Some(call(gateway, message, decided, time).await)
        }
        .boxed()
    });
    let calls: Vec<_> = calls.collect();
    stream::iter(calls).buffered(ctx.settings.carrier_concurrency).collect().await
}

async fn call(gateway: Arc<dyn Gateway>, message: Queued, decided: Instant, time: Duration) -> Outcome {
    let Some(to) = message.to else { return Outcome::NotSent };
    let span = info_span!(
        "POST Messages",
        otel.kind = "client",
        message.id = %message.id,
        message.segments = message.segments,
        outcome = tracing::field::Empty,
    );
    trace::link(&span, message.traceparent.as_deref());
    let traceparent = trace::of(&span);
    let text = OutboundText { message_id: message.id, to, from: message.from, body: message.body, traceparent };
    let hand_over = async {
        if decided.elapsed() >= time {
            return Outcome::NotSent;
        }
        gateway.send(&text).await
    };
    let outcome = hand_over.instrument(span.clone()).await;
    span.record("outcome", name(&outcome));
    outcome
}

const fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted { .. } => "accepted",
        Outcome::Refused { .. } => "refused",
        Outcome::NotSent => "not_sent",
        Outcome::Unknown => "unknown",
    }
}

/// Step 3: records the outcomes, and what the carrier's codes say about the contacts.
async fn record(
    ctx: &Context,
    tx: &mut Tx,
    job: &ClaimedJob,
    organization: &Organization,
    messages: &[Queued],
    answers: Vec<Option<Outcome>>,
) -> Result<(), JobError> {
    let now = tx.clock().await?;
    let mut outcomes = Outcomes::default();
    let (mut not_textable, mut opted_out, mut holds) = (Vec::new(), Vec::new(), Vec::new());
    for (message, answer) in messages.iter().zip(answers) {
        let Some(answer) = answer else {
            // The goal or the contact has stopped: what that means for this one is decided again.
            let reason = HoldReason::Paused.as_str();
            outcomes.postponed.push(Held { id: message.id, reason, until: Some(now), lane: None });
            continue;
        };
        let (code, asked_to_wait) = match answer {
            Outcome::Accepted { sid } => {
                outcomes.accepted.push((message.id, sid));
                continue;
            }
            Outcome::Unknown => {
                outcomes.unknown.push(message.id);
                continue;
            }
            Outcome::NotSent => (503, None),
            Outcome::Refused { code, retry_after_seconds } => (code, retry_after_seconds),
        };
        if !codes::is_known(code) {
            tracing::warn!(message.id = %message.id, carrier.code = code, "a carrier code that is not in the table");
        }
        let has_window = message.candidate.goal.is_some() && message.candidate.kind.belongs_to_goal();
        let last = !has_window && message.send_attempts + 1 >= MAX_SEND_ATTEMPTS;
        let again_in = |outcomes: &mut Outcomes, seconds| {
            let until = Some(now + backoff(message, seconds));
            outcomes.postponed.push(Held { id: message.id, reason: HoldReason::Carrier.as_str(), until, lane: None });
        };
        match codes::action(code) {
            codes::Action::Retry(seconds) if !last => again_in(&mut outcomes, asked_to_wait.unwrap_or(seconds)),
            codes::Action::RetryAtMost { seconds, attempts } if message.send_attempts + 1 < i32::from(attempts) => {
                again_in(&mut outcomes, asked_to_wait.unwrap_or(seconds));
            }
            codes::Action::StopAll if !last => {
                tracing::error!(message.id = %message.id, carrier.code = code, "the carrier takes nothing from this account");
                holds.push((HoldReason::Carrier, None, code));
                again_in(&mut outcomes, STOPPED_SECONDS);
            }
            codes::Action::HoldToNextDay if !last => {
                let until = Some(ctx.calendar.next_day_starts(now));
                outcomes.postponed.push(Held { id: message.id, reason: HoldReason::Cap.as_str(), until, lane: None });
                holds.push((HoldReason::Cap, until, code));
            }
            codes::Action::NotTextable => not_textable.push(message.id),
            codes::Action::OptedOut => opted_out.push(message.id),
            codes::Action::Retry(_)
            | codes::Action::RetryAtMost { .. }
            | codes::Action::StopAll
            | codes::Action::HoldToNextDay
            | codes::Action::Fail => {}
        }
        if outcomes.postponed.last().is_none_or(|held| held.id != message.id) {
            outcomes.refused.push((message.id, code));
        }
    }
    sending::settle(tx, job.id, &outcomes).await?;
    sending::mark_not_textable(tx, &not_textable).await?;
    sending::mark_opted_out(tx, &opted_out).await?;
    if outcomes.unknown.is_empty() && !sending::has_unsettled(tx, job.id).await? {
        timers::cancel(tx, TimerKind::ReconcileDue, job.id.0).await?;
    }
    // Others wait for the ledger's row: after it come only the brand's hold and timers, as elsewhere.
    let refunds = sending::settle_ledger(tx, organization.brand_id, &outcomes).await?;
    let held = !holds.is_empty();
    for (reason, until, code) in holds {
        rates::hold_brand(tx, organization.brand_id, reason.as_str(), until, code).await?;
    }
    if let Some(segments) = refunds.get(&ctx.calendar.day(now)).filter(|segments| **segments > 0 && !held) {
        // What came back today is for others that wait at the cap.
        for group_id in sending::recheck_capped(tx, organization.id, *segments).await? {
            timers::set_earliest(tx, TimerKind::HoldEnds, group_id.0, now, organization.id).await?;
        }
    }
    let group_of: BTreeMap<_, _> = messages.iter().map(|message| (message.id, message.group_id)).collect();
    let postponed = outcomes.postponed.iter().filter_map(|held| Some((*group_of.get(&held.id)?, held.clone())));
    pace::wake_when_held_ends(tx, organization, &postponed.collect::<Vec<_>>()).await?;
    Ok(())
}

/// Doubles with each hand-over, up to an hour, with jitter so that a crowd does not come back together.
fn backoff(message: &Queued, seconds: u32) -> TimeDelta {
    let doubled = i64::from(seconds.max(1)) << message.send_attempts.clamp(0, 10);
    let milliseconds = doubled.min(3_600) * 1_000;
    #[expect(clippy::cast_possible_truncation, reason = "half of at most an hour in milliseconds")]
    let jitter = (clock::jitter() * 500.0 * f64::from(u16::try_from(doubled.min(3_600)).unwrap_or(3_600))) as i64;
    TimeDelta::milliseconds(milliseconds / 2 + jitter)
}
