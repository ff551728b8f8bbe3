//! `send`: hands queued messages to the carrier (rules S1, S2, S3, S7 and S9).
//!
//! Three steps, and a crash between any two loses nothing and repeats nothing:
//! 1. One transaction decides about each message by what is true now, reserves its segments under the cap and marks it `sending`.
//! 2. The carrier is called, outside any transaction, and only while this attempt's time for it lasts.
//! 3. One transaction records what the carrier made of them and completes the job.
//!
//! If the worker dies in step 2, the messages stay `sending`. A later attempt never calls the carrier for them: it makes them `unknown`,
//! and `message-reconcile`, whose timer step 1 has set, settles them by asking the carrier.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use futures::{FutureExt, StreamExt, stream};
use muster_carrier::{Gateway, OutboundText, Outcome, codes};
use muster_domain::{
    cap::{STRICTEST_CARRIER, admit},
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
    organizations::Organization,
    sending::{self, Cap, Held, Outcomes, Queued},
};
use tracing::{Instrument, info_span};

use crate::{Context, error::JobError};

/// Hand-overs of one message after which a passing error counts as final.
const MAX_SEND_ATTEMPTS: i32 = 12;
/// How long a text waits when the carrier takes nothing from the account at all.
const STOPPED_SECONDS: u32 = 3_600;

pub(crate) async fn run(ctx: &Context, job: &ClaimedJob, _payload: Send) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    // From here to the commit no other attempt of this job can begin.
    claim::fence(&mut tx, job).await?;
    let lost = sending::mark_unknown(&mut tx, job).await?;
    if lost > 0 {
        tracing::warn!(messages = lost, "an earlier attempt left no outcome; the carrier will be asked");
    }
    let organization = ctx.organization(&mut tx, job).await?;
    let queued = sending::lock_queued(&mut tx, job.id, &organization.settings).await?;
    if queued.is_empty() {
        return Ok(tx);
    }
    let now = tx.clock().await?;
    let handed_over = decide(ctx, &mut tx, job, &organization, queued, now).await?;
    if handed_over.is_empty() {
        return Ok(tx);
    }
    let reconcile_after = Duration::from_secs(ctx.settings.reconcile_after_seconds);
    timers::set(&mut tx, TimerKind::ReconcileDue, job.id.0, now + reconcile_after, organization.id).await?;
    tx.commit().await?;

    let outcomes = call_carrier(ctx, &handed_over, reconcile_after / 2).await;

    let mut tx = ctx.pool.begin().await?;
    record(ctx, &mut tx, job, &organization, &handed_over, outcomes).await?;
    Ok(tx)
}

/// Step 1: decides about each message, and marks those that go now.
async fn decide(
    ctx: &Context,
    tx: &mut Tx,
    job: &ClaimedJob,
    organization: &Organization,
    queued: Vec<Queued>,
    now: DateTime<Utc>,
) -> Result<Vec<Queued>, JobError> {
    let (mut ready, mut held, mut cancelled) = (Vec::new(), Vec::new(), Vec::new());
    let mut apply = |message: &Queued, decision: Decision| match decision {
        Decision::HandOver => true,
        Decision::Hold(reason, until) => {
            held.push(Held { id: message.id, reason: reason.as_str(), until });
            false
        }
        Decision::Cancel(reason) => {
            cancelled.push((message.id, reason.as_str()));
            false
        }
    };
    let group_id = queued[0].group_id;
    for message in queued {
        let decision =
            if message.to.is_some() { message.candidate.decide(now) } else { Decision::Cancel(CancelReason::Redacted) };
        if apply(&message, decision) {
            ready.push(message);
        }
    }
    sending::hold(tx, &held).await?;
    sending::cancel(tx, &cancelled).await?;
    wake_when_held_ends(tx, organization, group_id, &held).await?;
    if ready.is_empty() {
        return Ok(ready);
    }
    // From here to the commit others wait for the brand's ledger: as little as can be is done.
    let (mut over_cap, mut closed) = (Vec::new(), Vec::new());
    // Numbers of unknown carriers count against the strictest cap that the brand has (rule S10); no number has been looked up yet.
    let day = ctx.calendar.day(now);
    let left = caps::lock_left(tx, organization.brand_id, STRICTEST_CARRIER, day).await?;
    if let Some(left) = left {
        let fit = admit(left, ready.iter().map(|message| message.segments));
        let tomorrow = ctx.calendar.next_day_starts(now);
        for message in ready.split_off(fit) {
            match message.candidate.hold(HoldReason::Cap, tomorrow) {
                Decision::Cancel(reason) => closed.push((message.id, reason.as_str())),
                Decision::Hold(reason, until) => over_cap.push(Held { id: message.id, reason: reason.as_str(), until }),
                Decision::HandOver => {}
            }
        }
    }
    let ids: Vec<_> = ready.iter().map(|message| message.id).collect();
    let cap = Cap { carrier: STRICTEST_CARRIER, day, capped: left.is_some() };
    sending::hand_over(tx, job, &ids, organization.brand_id, cap).await?;
    sending::hold(tx, &over_cap).await?;
    sending::cancel(tx, &closed).await?;
    wake_when_held_ends(tx, organization, group_id, &over_cap).await?;
    let (held, cancelled) = (held.len() + over_cap.len(), cancelled.len() + closed.len());
    tracing::info!(handed_over = ready.len(), held, cancelled, "decided");
    Ok(ready)
}

/// Step 2: calls the carrier for each message, some at a time. Nothing is called once `time` is over: an attempt that was stopped and
/// wakes up late hands nothing over, because the carrier may have been asked about its messages by then.
async fn call_carrier(ctx: &Context, messages: &[Queued], time: Duration) -> Vec<Outcome> {
    let started = clock::start();
    let calls: Vec<_> =
        messages.iter().map(|message| call(Arc::clone(&ctx.gateway), message.clone(), started, time).boxed()).collect();
    stream::iter(calls).buffered(ctx.settings.carrier_concurrency).collect().await
}

async fn call(gateway: Arc<dyn Gateway>, message: Queued, started: Instant, time: Duration) -> Outcome {
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
        if started.elapsed() >= time {
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
    answers: Vec<Outcome>,
) -> Result<(), JobError> {
    let now = tx.clock().await?;
    let mut outcomes = Outcomes::default();
    let (mut not_textable, mut opted_out) = (Vec::new(), Vec::new());
    for (message, answer) in messages.iter().zip(answers) {
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
        let last = message.send_attempts + 1 >= MAX_SEND_ATTEMPTS;
        let again_in = |outcomes: &mut Outcomes, seconds| {
            let until = Some(now + backoff(message, seconds));
            outcomes.postponed.push(Held { id: message.id, reason: HoldReason::Carrier.as_str(), until });
        };
        match codes::action(code) {
            codes::Action::Retry(seconds) if !last => again_in(&mut outcomes, asked_to_wait.unwrap_or(seconds)),
            codes::Action::RetryAtMost { seconds, attempts } if message.send_attempts + 1 < i32::from(attempts) => {
                again_in(&mut outcomes, asked_to_wait.unwrap_or(seconds));
            }
            codes::Action::StopAll if !last => {
                tracing::error!(message.id = %message.id, carrier.code = code, "the carrier takes nothing from this account");
                again_in(&mut outcomes, STOPPED_SECONDS);
            }
            codes::Action::HoldToNextDay if !last => {
                let until = Some(ctx.calendar.next_day_starts(now));
                outcomes.postponed.push(Held { id: message.id, reason: HoldReason::Cap.as_str(), until });
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
    sending::settle(tx, &outcomes).await?;
    sending::mark_not_textable(tx, &not_textable).await?;
    sending::mark_opted_out(tx, &opted_out).await?;
    wake_when_held_ends(tx, organization, messages[0].group_id, &outcomes.postponed).await?;
    if outcomes.unknown.is_empty() && !sending::has_unsettled(tx, job.id).await? {
        timers::cancel(tx, TimerKind::ReconcileDue, job.id.0).await?;
    }
    sending::settle_ledger(tx, organization.brand_id, &outcomes).await?;
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

/// Sets the group's timer for the first of these holds to end.
async fn wake_when_held_ends(
    tx: &mut Tx,
    organization: &Organization,
    group_id: muster_domain::ids::GroupId,
    held: &[Held],
) -> Result<(), JobError> {
    if let Some(first) = held.iter().filter_map(|held| held.until).min() {
        timers::set_earliest(tx, TimerKind::HoldEnds, group_id.0, first, organization.id).await?;
    }
    Ok(())
}
