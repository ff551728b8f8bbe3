//! The texts of an organization that go to the carrier now, and their use of caps and lanes
//! (rules S3, S4, S7, S9, S10 and S12). Chapter: sending.
//!
//! The decision has two parts. [`Terms::decide`] looks at each text by itself. A text that may go
//! then asks the brand for room, by one of two protocols: [`admit_together`] is optimistic, for
//! facts that were read without a lock; [`admit_in_order`] is for facts that are locked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    ids::ContactId,
    sending::{
        CancelReason, Candidate, Decision, HoldReason,
        admission::{Admission, Asks, Stop},
        brand_hold::BrandHoldReason,
        message::MessageKind,
        rate::{Share, TokenBuckets},
        wait::{Verdict, Wait},
    },
};

/// A queued text.
#[derive(Debug, Clone, Copy)]
pub struct QueuedText<'a> {
    /// Its contact.
    pub contact_id: ContactId,
    /// The contact's number is there; it is gone once redacted.
    pub has_number: bool,
    /// The facts that may forbid it.
    pub candidate: &'a Candidate,
}

/// A carrier has asked for nothing of a brand (rule S7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrandStop {
    /// The reason that its texts wait for: the cap or the carrier.
    pub reason: BrandHoldReason,
    /// Until when; none until an admin has looked.
    pub until: Option<DateTime<Utc>>,
}

/// The facts that decide about every text of one hand-over alike.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The brand's stop, while it lasts.
    pub stop: Option<BrandStop>,
    /// The organization caps initials across goals (rule S12).
    pub caps_initials: bool,
    /// The instant of the decision, by the database's clock.
    pub now: DateTime<Utc>,
    /// When the carrier may still hear of one of the texts, at the latest: the hours have to be
    /// open until then.
    pub latest: DateTime<Utc>,
    /// How long a call may take.
    pub takes: TimeDelta,
}

impl Terms {
    /// Decides about texts, in their order. Under a cap on initials only the first of two to one
    /// contact goes: the second is decided when the first counts.
    pub fn decide(&self, texts: &[QueuedText<'_>]) -> Vec<Decision> {
        let mut with_initial = BTreeSet::new();
        let decide = |text: &QueuedText<'_>| match self.alone(text) {
            Decision::HandOver
                if self.caps_initials
                    && text.candidate.kind == MessageKind::Initial
                    && !with_initial.insert(text.contact_id) =>
            {
                text.candidate.hold(HoldReason::Frequency, self.now + TimeDelta::minutes(1))
            }
            decision => decision,
        };
        texts.iter().map(decide).collect()
    }

    /// Decides about a text as if it were the only one. While a carrier's stop lasts nothing of the
    /// brand goes; a text that would not go anyway keeps its own reason.
    fn alone(&self, text: &QueuedText<'_>) -> Decision {
        if !text.has_number {
            return Decision::Cancel(CancelReason::Redacted);
        }
        let Some(stop) = self.stop else { return text.candidate.decide_until(self.now, self.latest, self.takes) };
        match (text.candidate.decide(self.now), stop.until) {
            (Decision::HandOver, Some(until)) => text.candidate.hold(stop.reason.of_messages(), until),
            (Decision::HandOver, None) => Decision::Hold(stop.reason.of_messages(), None),
            (decision, _) => decision,
        }
    }
}

/// Returns a brand's room. When the carrier's day ends before the last call is through, nothing is
/// left of it: texts that the carrier has after midnight would count on another day than they are
/// reserved for.
pub fn room(mut left: BTreeMap<String, i64>, lanes: TokenBuckets, day_ends: bool) -> Admission {
    if day_ends {
        for left in left.values_mut() {
            *left = 0;
        }
    }
    Admission { left, lanes }
}

/// The lanes' time and the segments that texts take of their brand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Take {
    /// The time in each lane.
    pub lanes: Vec<Share>,
    /// Segments under caps, by carrier.
    pub segments: BTreeMap<String, i64>,
}

/// Returns the optimistic protocol: returns the use of all texts together if there seems to be room
/// for every one of them. The caller has to see, with the locks held, that the room is still there.
pub fn admit_together(seems: &Admission, texts: &[Asks], now: DateTime<Utc>) -> Option<Take> {
    let mut after = seems.clone();
    let all = texts.iter().all(|text| after.admit(text, now).is_ok());
    all.then(|| Take { lanes: after.lanes.taken_since(&seems.lanes, now), segments: segments_by_carrier(texts) })
}

/// The answer of [`admit_in_order`].
#[derive(Debug, Clone)]
pub struct Admitted {
    /// For each text in its order: the stop, or the carrier of the cap under which it is counted,
    /// if one caps it.
    pub texts: Vec<Result<Option<String>, Stop>>,
    /// Segments to reserve, by carrier.
    pub segments: BTreeMap<String, i64>,
    /// The lanes when these texts have taken theirs.
    pub lanes: TokenBuckets,
}

/// Returns the protocol under locks: lets texts through one by one, in their order, as far as there
/// is room.
pub fn admit_in_order(mut room: Admission, texts: &[Asks], now: DateTime<Utc>) -> Admitted {
    let (mut answers, mut counted) = (Vec::with_capacity(texts.len()), Vec::new());
    for text in texts {
        answers.push(room.admit(text, now).map(|()| {
            let cap = text.cap.clone().filter(|carrier| room.left.contains_key(carrier));
            counted.push(Asks { cap: cap.clone(), ..text.clone() });
            cap
        }));
    }
    Admitted { texts: answers, segments: segments_by_carrier(&counted), lanes: room.lanes }
}

/// Returns the verdict about a text that a cap or a lane has stopped.
pub fn stopped(text: &Candidate, stop: Stop, tomorrow: DateTime<Utc>) -> Verdict {
    match stop {
        Stop::Cap => text.hold(HoldReason::Cap, tomorrow).into(),
        Stop::Rate(full) => Verdict::Wait(Wait::for_lane(text, full)),
    }
}

/// Returns the segments that texts count under caps, by carrier.
fn segments_by_carrier(texts: &[Asks]) -> BTreeMap<String, i64> {
    let mut segments = BTreeMap::new();
    for text in texts {
        if let Some(carrier) = &text.cap {
            *segments.entry(carrier.clone()).or_default() += text.segments;
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sending::{
        GoalWindow,
        rate::{BURST, TokenBucket},
        testing::{candidate, noon},
    };

    fn terms() -> Terms {
        let takes = TimeDelta::seconds(10);
        Terms { stop: None, caps_initials: false, now: noon(), latest: noon() + TimeDelta::minutes(2), takes }
    }

    fn text(candidate: &Candidate) -> QueuedText<'_> {
        QueuedText { contact_id: ContactId::new(), has_number: true, candidate }
    }

    #[test]
    fn s7_while_a_brand_is_stopped_nothing_goes_and_each_text_keeps_its_own_reason() {
        let (goes, mut gone) = (candidate(MessageKind::Initial), candidate(MessageKind::Initial));
        gone.opted_out = true;
        let texts = [text(&goes), text(&gone), QueuedText { has_number: false, ..text(&goes) }];
        let stopped = |reason, until| Terms { stop: Some(BrandStop { reason, until }), ..terms() }.decide(&texts);
        let cancelled = |reason| Decision::Cancel(reason);
        let others = [cancelled(CancelReason::OptedOut), cancelled(CancelReason::Redacted)];
        assert_eq!(terms().decide(&texts)[0], Decision::HandOver);
        let until_looked_at = stopped(BrandHoldReason::Carrier, None);
        assert_eq!(until_looked_at[0], Decision::Hold(HoldReason::Carrier, None));
        assert_eq!(until_looked_at[1..], others);
        let tomorrow: DateTime<Utc> = "2026-11-22T08:00:00Z".parse().unwrap();
        let opens: DateTime<Utc> = "2026-11-22T13:00:00Z".parse().unwrap();
        assert_eq!(stopped(BrandHoldReason::Cap, Some(tomorrow))[0], Decision::Hold(HoldReason::Cap, Some(opens)));
    }

    #[test]
    fn s12_only_the_first_of_two_initials_to_one_contact_goes() {
        let (initial, reply) = (candidate(MessageKind::Initial), candidate(MessageKind::Reply));
        let (first, other) = (text(&initial), text(&initial));
        let answer = QueuedText { candidate: &reply, ..first };
        let texts = [first, answer, first, other, answer];
        assert_eq!(terms().decide(&texts), [Decision::HandOver; 5], "without a cap on initials");
        let capped = Terms { caps_initials: true, ..terms() }.decide(&texts);
        let later = Decision::Hold(HoldReason::Frequency, Some(noon() + TimeDelta::minutes(1)));
        assert_eq!(capped[2], later);
        assert_eq!(capped.iter().filter(|decision| **decision == Decision::HandOver).count(), 4);
    }

    #[test]
    fn s3_nothing_is_left_of_a_day_that_may_end_before_the_carrier_has_the_text() {
        let asks =
            |cap: Option<&str>| Asks { cap: cap.map(ToOwned::to_owned), lanes: Vec::new(), segments: 1, urgent: false };
        let left = || BTreeMap::from([("t-mobile".to_owned(), 100)]);
        assert!(room(left(), TokenBuckets::default(), false).admit(&asks(Some("t-mobile")), noon()).is_ok());
        let mut ending = room(left(), TokenBuckets::default(), true);
        assert!(matches!(ending.admit(&asks(Some("t-mobile")), noon()), Err(Stop::Cap)));
        assert!(ending.admit(&asks(None), noon()).is_ok(), "a text under no cap goes");
    }

    #[test]
    fn s4_a_text_waits_for_a_lane_even_if_its_goal_may_close_before() {
        let full = |expected_at| crate::sending::rate::Full { lane: "number".to_owned(), expected_at };
        let closes = candidate(MessageKind::Initial).goal.unwrap().closes_at;
        for expected_at in [noon() + TimeDelta::seconds(9), closes + TimeDelta::hours(9)] {
            let verdict = stopped(&candidate(MessageKind::Initial), Stop::Rate(full(expected_at)), noon());
            let lane = Some("number".to_owned());
            assert_eq!(verdict, Verdict::Wait(Wait { reason: HoldReason::Rate, until: Some(expected_at), lane }));
        }
        let over = Candidate {
            goal: Some(GoalWindow { closes_at: noon(), ..candidate(MessageKind::Initial).goal.unwrap() }),
            ..candidate(MessageKind::Initial)
        };
        assert_eq!(stopped(&over, Stop::Cap, noon()), Verdict::Cancel(CancelReason::WindowClosed));
    }

    const CARRIERS: [&str; 3] = ["att", "t-mobile", "verizon"];

    prop_compose! {
        fn any_asks()(
            cap in proptest::option::of(0usize..3), lanes in 0usize..4, segments in 1i64..8, urgent: bool,
        ) -> Asks {
            let lanes = ["number", "campaign"].iter().enumerate().filter(|(nth, _)| lanes & (1 << nth) != 0);
            Asks {
                cap: cap.map(|nth| CARRIERS[nth].to_owned()),
                lanes: lanes.map(|(_, key)| (*key).to_owned()).collect(),
                segments,
                urgent,
            }
        }
    }

    prop_compose! {
        fn any_room()(
            left in proptest::collection::btree_map(0usize..3, 0i64..60, 0..3),
            lanes in proptest::collection::vec((1i64..4_000, -5i64..5, 0i64..3), 2),
            day_ends in proptest::bool::weighted(0.1),
        ) -> Admission {
            let left = left.into_iter().map(|(nth, left)| (CARRIERS[nth].to_owned(), left)).collect();
            let lane = |(segments_per_minute, seconds, waiting_segments)| TokenBucket {
                segments_per_minute, free_at: noon() + TimeDelta::seconds(seconds), waiting_segments,
            };
            let keys = ["number", "campaign"].map(ToOwned::to_owned);
            room(left, TokenBuckets(keys.into_iter().zip(lanes.into_iter().map(lane)).collect()), day_ends)
        }
    }

    proptest! {
        #[test]
        fn s3_texts_that_are_admitted_never_take_more_than_is_left(
            room in any_room(), texts in proptest::collection::vec(any_asks(), 0..60),
        ) {
            let admitted = admit_in_order(room.clone(), &texts, noon());
            prop_assert_eq!(admitted.texts.len(), texts.len());
            let mut counted = BTreeMap::<String, i64>::new();
            for (text, answer) in texts.iter().zip(&admitted.texts) {
                match answer {
                    Ok(Some(carrier)) => *counted.entry(carrier.clone()).or_default() += text.segments,
                    Ok(None) => prop_assert!(text.cap.as_ref().is_none_or(|carrier| !room.left.contains_key(carrier))),
                    Err(Stop::Cap) => {
                        let carrier = text.cap.as_ref().unwrap();
                        prop_assert!(room.left.contains_key(carrier));
                    }
                    Err(Stop::Rate(full)) => prop_assert!(text.lanes.contains(&full.lane)),
                }
            }
            prop_assert_eq!(&counted, &admitted.segments);
            for (carrier, segments) in &admitted.segments {
                prop_assert!(*segments <= room.left[carrier], "{} of {}", segments, room.left[carrier]);
            }
        }

        #[test]
        fn s3_a_text_that_does_not_fit_keeps_out_all_behind_it(
            room in any_room(), texts in proptest::collection::vec(any_asks(), 0..60),
        ) {
            let admitted = admit_in_order(room, &texts, noon());
            let mut closed = BTreeSet::new();
            for (text, answer) in texts.iter().zip(&admitted.texts) {
                let Some(carrier) = &text.cap else { continue };
                prop_assert!(!(closed.contains(carrier) && answer.is_ok()), "{} behind one that was stopped", carrier);
                if *answer == Err(Stop::Cap) {
                    closed.insert(carrier);
                }
            }
        }

        #[test]
        fn s3_both_protocols_let_the_same_texts_through_and_take_the_same(
            room in any_room(), texts in proptest::collection::vec(any_asks(), 0..12),
        ) {
            let together = admit_together(&room, &texts, noon());
            let in_order = admit_in_order(room.clone(), &texts, noon());
            prop_assert_eq!(together.is_some(), in_order.texts.iter().all(Result::is_ok));
            if let Some(take) = together {
                prop_assert_eq!(take.lanes, in_order.lanes.taken_since(&room.lanes, noon()));
                // A carrier without a ledger caps nothing; the database takes nothing of it.
                let counted = take.segments.into_iter().filter(|(carrier, _)| room.left.contains_key(carrier));
                prop_assert_eq!(counted.collect::<BTreeMap<_, _>>(), in_order.segments);
            }
        }

        #[test]
        fn s4_lanes_move_by_the_texts_that_go_and_by_no_other(
            room in any_room(), texts in proptest::collection::vec(any_asks(), 0..60),
        ) {
            let admitted = admit_in_order(room.clone(), &texts, noon());
            let mut alone = room.lanes.clone();
            for (text, answer) in texts.iter().zip(&admitted.texts) {
                if answer.is_ok() {
                    prop_assert!(alone.take(&text.lanes, text.segments, false, noon()).is_ok());
                }
            }
            for (key, lane) in &admitted.lanes.0 {
                prop_assert_eq!(lane.free_at, alone.0[key].free_at);
                let idle = room.lanes.0[key].free_at <= noon();
                prop_assert!(lane.free_at <= (noon() + BURST).max(room.lanes.0[key].free_at) || idle);
            }
        }

        #[test]
        fn s9_a_text_goes_only_if_nothing_forbids_it(
            facts in proptest::collection::vec((any::<[bool; 6]>(), 0u128..4), 1..20), caps_initials: bool, stop: bool,
        ) {
            let candidates: Vec<_> = facts.iter().map(|([redacted, opted_out, deactivated, not_textable, reassigned, _], _)| {
                Candidate {
                    redacted: *redacted, opted_out: *opted_out, deactivated: *deactivated, not_textable: *not_textable,
                    reassigned: *reassigned, ..candidate(MessageKind::Initial)
                }
            }).collect();
            let texts: Vec<_> = candidates.iter().zip(&facts).map(|(candidate, ([.., has_number], contact))| QueuedText {
                contact_id: ContactId(uuid::Uuid::from_u128(*contact)), has_number: *has_number, candidate,
            }).collect();
            let stop = stop.then_some(BrandStop { reason: BrandHoldReason::Carrier, until: None });
            let decisions = Terms { stop, caps_initials, ..terms() }.decide(&texts);
            let mut initials = BTreeSet::new();
            for ((text, decision), ([redacted, out, deactivated, not_textable, reassigned, number], _)) in
                texts.iter().zip(decisions).zip(&facts)
            {
                let allowed = *number && !redacted && !out && !deactivated && !not_textable && !reassigned;
                prop_assert_eq!(matches!(decision, Decision::Cancel(_)), !allowed);
                if decision == Decision::HandOver {
                    prop_assert!(stop.is_none());
                    prop_assert!(initials.insert(text.contact_id) || !caps_initials);
                }
            }
        }
    }
}
