//! Step 3 of a hand-over: what the carrier made of the texts.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use muster_carrier::{Outcome, codes};
use muster_domain::sending::{Decision, HoldReason};
use muster_jobs::timer::TimerKind;
use muster_service::clock;
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, timers},
    sending::{self, Held, Outcomes, Queued, rates},
    tenancy::organizations::Organization,
};

use super::super::pace;
use crate::{Context, error::JobError};

/// Hand-overs of a message without a goal's window after which a passing error counts as final. Others are tried as long as their window is
/// open (rule S7).
const MAX_SEND_ATTEMPTS: i32 = 12;
/// The longest that a text waits before it is handed over again.
const LONGEST_SECONDS: u32 = 3_600;
/// How long a text waits when the carrier takes nothing from the account at all.
const STOPPED_SECONDS: u32 = LONGEST_SECONDS;

/// Step 3: records the outcomes, and what the carrier's codes say about the contacts.
pub(super) async fn record(
    ctx: &Context,
    tx: &mut Tx,
    jobs: &[&ClaimedJob],
    organization: &Organization,
    messages: &[Queued],
    answers: Vec<Option<Outcome>>,
) -> Result<(), JobError> {
    let now = tx.clock().await?;
    let mut outcomes = Outcomes::default();
    let (mut not_textable, mut opted_out, mut holds) = (Vec::new(), Vec::new(), Vec::new());
    for (message, answer) in messages.iter().zip(answers) {
        let Some(answer) = answer.filter(|answer| *answer != Outcome::Withheld) else {
            // Something that concerns it has stopped, or it would end on its way: it is decided again.
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
            Outcome::NotSent | Outcome::Withheld => (503, None),
            Outcome::Refused { code, retry_after_seconds } => (code, retry_after_seconds),
        };
        if !codes::is_known(code) {
            tracing::warn!(message.id = %message.id, carrier.code = code, "a carrier code that is not in the table");
        }
        let has_window = message.candidate.goal.is_some() && message.candidate.kind.belongs_to_goal();
        let last = !has_window && message.send_attempts + 1 >= MAX_SEND_ATTEMPTS;
        let again_in = |outcomes: &mut Outcomes, seconds, asked| {
            // Whether its hours are open then is decided then: they may change meanwhile (rule S9).
            let until = Some(now + backoff(message.send_attempts, seconds, asked, clock::jitter()));
            outcomes.postponed.push(Held { id: message.id, reason: HoldReason::Carrier.as_str(), until, lane: None });
        };
        match codes::action(code) {
            codes::Action::Retry(seconds) if !last => again_in(&mut outcomes, seconds, asked_to_wait),
            codes::Action::RetryAtMost { seconds, attempts } if message.send_attempts + 1 < i32::from(attempts) => {
                again_in(&mut outcomes, seconds, asked_to_wait);
            }
            codes::Action::StopAll if !last => {
                tracing::error!(message.id = %message.id, carrier.code = code, "the carrier takes nothing from this account");
                holds.push((HoldReason::Carrier, None, code));
                again_in(&mut outcomes, STOPPED_SECONDS, None);
            }
            codes::Action::HoldToNextDay if !last => {
                let tomorrow = ctx.calendar.next_day_starts(now);
                outcomes.postponed.push(at_the_cap(message, tomorrow));
                holds.push((HoldReason::Cap, Some(tomorrow), code));
            }
            codes::Action::NotTextable(line) => not_textable.push((message.id, line)),
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
    let jobs: Vec<_> = jobs.iter().map(|job| job.id).collect();
    let settled = sending::settle(tx, &jobs, &outcomes).await?;
    sending::mark_not_textable(tx, &not_textable).await?;
    sending::mark_opted_out(tx, &opted_out).await?;
    let open = sending::jobs_unsettled(tx, &jobs).await?;
    let over: Vec<_> = jobs.iter().filter(|id| !open.contains(id)).map(|id| id.0).collect();
    timers::cancel_all(tx, TimerKind::ReconcileDue, &over).await?;
    // Others wait for the ledger's row: after it come only the brand's hold and timers, as elsewhere.
    let refunds = sending::settle_ledger(tx, organization.brand_id, &outcomes, &settled).await?;
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

/// A text that waits for the next carrier day *and* its sending hours (rule S3). One whose goal closes before is cancelled when it does.
fn at_the_cap(message: &Queued, tomorrow: DateTime<Utc>) -> Held {
    let until = match message.candidate.hold(HoldReason::Cap, tomorrow) {
        Decision::Hold(_, Some(opens)) => opens,
        Decision::Hold(_, None) | Decision::HandOver | Decision::Cancel(_) => tomorrow,
    };
    Held { id: message.id, reason: HoldReason::Cap.as_str(), until: Some(until), lane: None }
}

/// How long a text waits that was handed over so often before this time: up to twice as long with each hand-over, an hour at most. At least
/// half of that, and no shorter than the carrier has asked for; the rest is by chance, so that a crowd does not come back together (`draw` is
/// a random number in `[0, 1)`).
fn backoff(hand_overs: i32, seconds: u32, asked: Option<u32>, draw: f64) -> Duration {
    let first = u64::from(asked.unwrap_or(seconds).max(1));
    let longest = (first << hand_overs.clamp(0, 10)).min(u64::from(LONGEST_SECONDS));
    let half = Duration::from_secs(longest) / 2;
    let asked = Duration::from_secs(asked.unwrap_or_default().min(LONGEST_SECONDS).into());
    half.max(asked) + half.mul_f64(draw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s7_a_text_waits_longer_with_each_hand_over_and_an_hour_at_most() {
        let bounds = |hand_overs, seconds| [0.0, 1.0].map(|draw| backoff(hand_overs, seconds, None, draw));
        let seconds = Duration::from_secs;
        for (hand_overs, longest) in [(0, 5), (1, 10), (2, 20), (5, 160), (9, 2_560), (10, 3_600), (i32::MAX, 3_600)] {
            assert_eq!(bounds(hand_overs, 5), [seconds(longest) / 2, seconds(longest)], "after {hand_overs}");
        }
        assert_eq!(bounds(0, 0), [Duration::from_millis(500), seconds(1)], "it never comes back at once");
        assert_eq!(bounds(0, u32::MAX), [seconds(1_800), seconds(3_600)]);
        let spread = [0.0, 0.25, 0.5, 0.75].map(|draw| backoff(3, 30, None, draw).as_secs());
        assert_eq!(spread, [120, 150, 180, 210]);
    }

    #[test]
    fn s7_a_text_waits_at_least_as_long_as_the_carrier_asks_and_a_crowd_is_spread() {
        let bounds = |hand_overs, asked| [0.0, 1.0].map(|draw| backoff(hand_overs, 5, Some(asked), draw).as_secs());
        assert_eq!([bounds(0, 30), bounds(1, 30), bounds(2, 30)], [[30, 45], [30, 60], [60, 120]]);
        assert_eq!(bounds(0, 86_400), [3_600, 5_400]);
    }
}
