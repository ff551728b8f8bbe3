//! The consequences for a text, its contact and its brand of a hand-over that was refused or kept
//! back (rules S3 and S7). Chapter: sending.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::{
    people::line::LineType,
    sending::{Candidate, Decision, HoldReason, brand_hold::BrandHoldReason, hand_over::BrandStop, wait::Wait},
};

/// Hand-overs of a text without a goal's window after which a passing error counts as final. Others
/// are tried as long as their window is open.
pub const MAX_HAND_OVERS: i32 = 12;

/// Longest wait of a text before it is handed over again, in seconds, without the jitter.
pub const LONGEST_WAIT_SECONDS: u32 = 3_600;

/// The measure that a carrier's code asks for about a text with a refused hand-over, and about its
/// contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Try again after about this many seconds, inside the window.
    Retry(u32),
    /// Try again after about this many seconds, but hand over this many times at most in all.
    RetryAtMost {
        /// Seconds before the second hand-over.
        seconds: u32,
        /// Hand-overs in all.
        attempts: u8,
    },
    /// The brand's daily cap is reached at the carrier: hold until its day turns.
    HoldToNextDay,
    /// Never again for this text.
    Fail,
    /// Nothing of this carrier account can go: hold this text and all that is queued until an admin
    /// has looked.
    StopAll,
    /// Never again for this number: it takes no texts, because its line is of this type.
    NotTextable(LineType),
    /// The contact has opted out at the carrier.
    OptedOut,
}

/// A text with a refused hand-over.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    /// The facts that decide about it.
    pub candidate: &'a Candidate,
    /// How often it was handed over before this time.
    pub hand_overs: i32,
    /// The measure that the carrier's code asks for.
    pub action: Action,
    /// Seconds that the carrier has asked to wait.
    pub asked_seconds: Option<u32>,
}

/// The decision about a refused text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It waits, and is handed over again. All of the brand waits with it where there is a stop.
    Wait(Wait, Option<BrandStop>),
    /// It has failed for good.
    Failed,
    /// It has failed for good, and the number takes no texts.
    NotTextable(LineType),
    /// It has failed for good, and the contact has opted out.
    OptedOut,
}

impl Refused<'_> {
    /// Decides at an instant of the database's clock. `tomorrow` is when the carrier's day turns;
    /// `draw` is a random number in `[0, 1)`.
    pub fn decide(&self, now: DateTime<Utc>, tomorrow: DateTime<Utc>, draw: f64) -> Refusal {
        let has_window = self.candidate.goal.is_some() && self.candidate.kind.belongs_to_goal();
        let next = self.hand_overs.saturating_add(1);
        let last = !has_window && next >= MAX_HAND_OVERS;
        // Whether its hours are open then is decided then: they may change meanwhile (rule S9).
        let again_in =
            |seconds, asked| Wait::new(HoldReason::Carrier, Some(now + backoff(self.hand_overs, seconds, asked, draw)));
        match self.action {
            Action::Retry(seconds) if !last => Refusal::Wait(again_in(seconds, self.asked_seconds), None),
            Action::RetryAtMost { seconds, attempts } if next < i32::from(attempts) => {
                Refusal::Wait(again_in(seconds, self.asked_seconds), None)
            }
            Action::StopAll if !last => {
                let stop = BrandStop { reason: BrandHoldReason::Carrier, until: None };
                Refusal::Wait(again_in(LONGEST_WAIT_SECONDS, None), Some(stop))
            }
            Action::HoldToNextDay if !last => {
                let stop = BrandStop { reason: BrandHoldReason::Cap, until: Some(tomorrow) };
                Refusal::Wait(at_the_cap(self.candidate, tomorrow), Some(stop))
            }
            Action::NotTextable(line) => Refusal::NotTextable(line),
            Action::OptedOut => Refusal::OptedOut,
            Action::Retry(_) | Action::RetryAtMost { .. } | Action::StopAll | Action::HoldToNextDay | Action::Fail => {
                Refusal::Failed
            }
        }
    }
}

/// Returns the wait of a text that was kept back before its call: something that concerns it has
/// stopped, or it would end on its way. It is decided again at once.
pub const fn kept_back(now: DateTime<Utc>) -> Wait {
    Wait::new(HoldReason::Paused, Some(now))
}

/// Returns the wait of a text for the next carrier day *and* its sending hours (rule S3). One with
/// a goal that closes before is cancelled when it does.
fn at_the_cap(text: &Candidate, tomorrow: DateTime<Utc>) -> Wait {
    let until = match text.hold(HoldReason::Cap, tomorrow) {
        Decision::Hold(_, Some(opens)) => opens,
        Decision::Hold(_, None) | Decision::HandOver | Decision::Cancel(_) => tomorrow,
    };
    Wait::new(HoldReason::Cap, Some(until))
}

/// Returns how long a text waits that was handed over so often before this time: exponential
/// back-off, up to twice as long with each hand-over, [`LONGEST_WAIT_SECONDS`] at most. At least
/// half of that, and no shorter than the carrier has asked for; jitter adds the rest, so that a
/// crowd does not come back together.
fn backoff(hand_overs: i32, seconds: u32, asked: Option<u32>, draw: f64) -> Duration {
    let first = u64::from(asked.unwrap_or(seconds).max(1));
    let longest = (first << hand_overs.clamp(0, 10)).min(u64::from(LONGEST_WAIT_SECONDS));
    let half = Duration::from_secs(longest) / 2;
    let asked = Duration::from_secs(asked.unwrap_or_default().min(LONGEST_WAIT_SECONDS).into());
    half.max(asked) + half.mul_f64(draw)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::sending::{
        message::MessageKind,
        testing::{candidate, noon},
    };

    fn tomorrow() -> DateTime<Utc> {
        "2026-11-22T08:00:00Z".parse().unwrap()
    }

    fn decide(kind: MessageKind, hand_overs: i32, action: Action) -> Refusal {
        let candidate = candidate(kind);
        Refused { candidate: &candidate, hand_overs, action, asked_seconds: None }.decide(noon(), tomorrow(), 0.0)
    }

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

    #[test]
    fn s7_a_goals_window_bounds_its_retries_and_a_number_of_them_bounds_a_replys() {
        let passing = [Action::Retry(30), Action::StopAll, Action::HoldToNextDay];
        for action in passing {
            for (kind, hand_overs, waits) in [
                (MessageKind::Initial, 500, true),
                (MessageKind::Reply, MAX_HAND_OVERS - 2, true),
                (MessageKind::Reply, MAX_HAND_OVERS - 1, false),
            ] {
                let refusal = decide(kind, hand_overs, action);
                assert_eq!(
                    matches!(refusal, Refusal::Wait(..)),
                    waits,
                    "{action:?} {kind:?} {hand_overs}: {refusal:?}"
                );
            }
        }
        let doubtful = Action::RetryAtMost { seconds: 60, attempts: 2 };
        assert!(matches!(decide(MessageKind::Initial, 0, doubtful), Refusal::Wait(..)));
        assert_eq!(decide(MessageKind::Initial, 1, doubtful), Refusal::Failed);
    }

    #[test]
    fn s7_a_brand_stops_only_where_the_carrier_takes_nothing_more_of_it() {
        let stop = |action| match decide(MessageKind::Initial, 0, action) {
            Refusal::Wait(_, stop) => stop,
            Refusal::Failed | Refusal::NotTextable(_) | Refusal::OptedOut => None,
        };
        assert_eq!(stop(Action::StopAll), Some(BrandStop { reason: BrandHoldReason::Carrier, until: None }));
        assert_eq!(
            stop(Action::HoldToNextDay),
            Some(BrandStop { reason: BrandHoldReason::Cap, until: Some(tomorrow()) })
        );
        let others = [
            Action::Retry(5),
            Action::RetryAtMost { seconds: 5, attempts: 3 },
            Action::Fail,
            Action::OptedOut,
            Action::NotTextable(LineType::Landline),
        ];
        assert!(others.into_iter().all(|action| stop(action).is_none()));
    }

    #[test]
    fn s3_a_text_at_the_carriers_cap_waits_for_the_day_and_for_the_hours() {
        let opens: DateTime<Utc> = "2026-11-22T13:00:00Z".parse().unwrap();
        let stop = Some(BrandStop { reason: BrandHoldReason::Cap, until: Some(tomorrow()) });
        let waits = |until| Refusal::Wait(Wait::new(HoldReason::Cap, Some(until)), stop);
        assert_eq!(decide(MessageKind::Initial, 0, Action::HoldToNextDay), waits(opens));
        assert_eq!(decide(MessageKind::Reply, 0, Action::HoldToNextDay), waits(tomorrow()), "replies go at any hour");
    }

    fn any_action() -> impl Strategy<Value = Action> {
        prop_oneof![
            any::<u32>().prop_map(Action::Retry),
            (any::<u32>(), any::<u8>()).prop_map(|(seconds, attempts)| Action::RetryAtMost { seconds, attempts }),
            Just(Action::HoldToNextDay),
            Just(Action::Fail),
            Just(Action::StopAll),
            Just(Action::NotTextable(LineType::Landline)),
            Just(Action::OptedOut),
        ]
    }

    proptest! {
        #[test]
        fn s7_a_wait_ends_and_is_no_shorter_than_the_carrier_asks(
            action in any_action(), hand_overs in 0i32.., asked_seconds in proptest::option::of(any::<u32>()), draw in 0.0f64..1.0,
            reply: bool,
        ) {
            let candidate = candidate(if reply { MessageKind::Reply } else { MessageKind::Initial });
            let refused = Refused { candidate: &candidate, hand_overs, action, asked_seconds };
            let refusal = refused.decide(noon(), tomorrow(), draw);
            if reply && hand_overs >= MAX_HAND_OVERS - 1 && !matches!(action, Action::RetryAtMost { .. }) {
                prop_assert!(!matches!(refusal, Refusal::Wait(..)), "{:?}", refusal);
            }
            if let Refusal::Wait(wait, stop) = refusal {
                let waits = wait.until.unwrap() - noon();
                prop_assert!(waits > TimeDelta::zero());
                prop_assert!(wait.reason == HoldReason::Cap || waits <= TimeDelta::seconds(5_400));
                if let (Some(asked), None) = (asked_seconds, stop) {
                    prop_assert!(waits >= TimeDelta::seconds(asked.min(LONGEST_WAIT_SECONDS).into()));
                }
            }
        }

        #[test]
        fn s7_permanent_refusals_never_wait(hand_overs in 0i32.., reply: bool) {
            let kind = if reply { MessageKind::Reply } else { MessageKind::Initial };
            for action in [Action::Fail, Action::OptedOut, Action::NotTextable(LineType::Invalid)] {
                prop_assert!(!matches!(decide(kind, hand_overs, action), Refusal::Wait(..)));
            }
        }
    }
}
