//! Which of the texts that wait for lanes have their turn (rule S4). Chapter: sending.
//!
//! All lanes of an organization are looked after at once. A text that is let go has taken its time
//! in its lanes, so that the hand-over lets it pass; a text that could not be handed over now in
//! any case takes none, and leaves the room to others.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::{
    ids::MessageId,
    sending::{
        CancelReason, Candidate, Decision, HoldReason,
        rate::{SHORTEST_WAIT, TokenBuckets},
        wait::Wait,
    },
};

/// Returns the most texts to look at of each lane that something waits for, `round` at most: one
/// more than fits, so that it is seen when something stays behind.
pub fn looks(lanes: &TokenBuckets, round: i64, now: DateTime<Utc>) -> Vec<(String, i64)> {
    let waited_for = lanes.0.iter().filter(|(_, lane)| lane.waiting_segments > 0);
    waited_for.map(|(key, lane)| (key.clone(), lane.room(now).min(round) + 1)).collect()
}

/// A text that was found to wait for a lane, in the order of turns.
#[derive(Debug, Clone)]
pub struct Waiting<'a> {
    /// The lane.
    pub lane: &'a str,
    /// The text.
    pub text: Found<'a>,
}

/// The state in which a text that waits was found.
#[derive(Debug, Clone)]
pub enum Found<'a> {
    /// Its row is locked by somebody else: its turn comes later.
    Locked,
    /// It is not there any more.
    Gone,
    /// The text.
    Text {
        /// Its message.
        id: MessageId,
        /// Its length.
        segments: i64,
        /// Every lane that it goes through.
        lanes: Vec<String>,
        /// The facts that may forbid it.
        candidate: &'a Candidate,
    },
}

/// The turns of one look at an organization's lanes.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    /// Texts that go, and that somebody waits for.
    pub urgent: Vec<MessageId>,
    /// Texts that go otherwise.
    pub ordinary: Vec<MessageId>,
    /// Texts that wait for something else now: another lane, or an instant.
    pub waits: Vec<(MessageId, Wait)>,
    /// Texts that will not go.
    pub cancelled: Vec<(MessageId, CancelReason)>,
    /// The lanes afterwards.
    pub lanes: TokenBuckets,
    /// When to look again, if anything may be left.
    pub again: Option<DateTime<Utc>>,
}

/// Gives texts their turns, in their order. `looks` is the answer to [`looks`]: where all texts of
/// the look have left, there may be more.
pub fn give(lanes: TokenBuckets, looks: &[(String, i64)], waiting: &[Waiting<'_>], now: DateTime<Utc>) -> Turns {
    let mut turns = Turns { lanes, ..Turns::default() };
    let mut moved = false;
    let mut seen = BTreeMap::<&str, Seen>::new();
    for Waiting { lane, text } in waiting {
        let seen = seen.entry(lane).or_default();
        seen.texts += 1;
        let (id, segments, lanes, candidate) = match text {
            Found::Locked => {
                seen.opens = Some(now);
                continue;
            }
            Found::Gone => continue,
            Found::Text { id, segments, lanes, candidate } => (*id, *segments, lanes, *candidate),
        };
        match candidate.decide(now) {
            Decision::Cancel(reason) => turns.cancelled.push((id, reason)),
            Decision::Hold(reason, until) => turns.waits.push((id, Wait::new(reason, until))),
            Decision::HandOver => match turns.lanes.take(lanes, segments, false, now) {
                Ok(()) if candidate.kind.belongs_to_goal() => turns.ordinary.push(id),
                Ok(()) => turns.urgent.push(id),
                Err(full) if full.lane == *lane => {
                    let opens = turns.lanes.0.get(*lane).map_or(now, |lane| lane.opens_at(now, segments));
                    seen.opens = Some(seen.opens.map_or(opens, |first| first.min(opens)));
                    continue;
                }
                Err(full) => {
                    turns.lanes.wait(&full.lane, segments);
                    moved = true;
                    let (until, lane) = (Some(full.expected_at), Some(full.lane));
                    turns.waits.push((id, Wait { lane, ..Wait::new(HoldReason::Rate, until) }));
                }
            },
        }
        leave(&mut turns.lanes, lane, segments);
    }
    let left = looks.iter().filter_map(|(lane, most)| {
        let seen = seen.get(lane.as_str())?;
        seen.opens.or_else(|| (seen.texts >= *most).then_some(now))
    });
    turns.again = left.chain(moved.then_some(now)).min().map(|opens| opens.max(now + SHORTEST_WAIT));
    turns
}

/// How much was looked at of a lane.
#[derive(Debug, Default)]
struct Seen {
    texts: i64,
    /// When the first text that stays behind may go.
    opens: Option<DateTime<Utc>>,
}

/// A text does not wait for this lane any more; something else may.
fn leave(lanes: &mut TokenBuckets, lane: &str, segments: i64) {
    if let Some(lane) = lanes.0.get_mut(lane) {
        lane.waiting_segments = (lane.waiting_segments - segments).max(1);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;
    use crate::sending::{
        GoalWindow,
        message::MessageKind,
        rate::TokenBucket,
        testing::{candidate, noon},
    };

    fn lane(segments_per_minute: i64, waiting_segments: i64) -> TokenBucket {
        TokenBucket { segments_per_minute, free_at: noon() - TimeDelta::days(1), waiting_segments }
    }

    fn two_lanes(number: TokenBucket, campaign: TokenBucket) -> TokenBuckets {
        TokenBuckets(BTreeMap::from([("number".to_owned(), number), ("campaign".to_owned(), campaign)]))
    }

    fn text<'a>(lane: &'a str, candidate: &'a Candidate) -> Waiting<'a> {
        let lanes = vec!["number".to_owned(), "campaign".to_owned()];
        Waiting { lane, text: Found::Text { id: MessageId::new(), segments: 1, lanes, candidate } }
    }

    fn id(waiting: &Waiting<'_>) -> Option<MessageId> {
        match waiting.text {
            Found::Text { id, .. } => Some(id),
            Found::Locked | Found::Gone => None,
        }
    }

    #[test]
    fn s4_texts_go_as_far_as_their_lane_has_room_and_the_rest_says_when() {
        let lanes = two_lanes(lane(60, 100), lane(100_000, 0));
        let looks = looks(&lanes, 5_000, noon());
        let initial = candidate(MessageKind::Initial);
        let waiting: Vec<_> = (0..looks[0].1).map(|_| text("number", &initial)).collect();
        let turns = give(lanes, &looks, &waiting, noon());
        assert_eq!(looks.len(), 1, "nothing waits for the campaign");
        assert_eq!(
            (turns.ordinary.len(), turns.urgent.len()),
            (waiting.len() - 1, 0),
            "one more than fits was asked for"
        );
        assert!(turns.waits.is_empty() && turns.cancelled.is_empty());
        assert_eq!(turns.again, Some(noon() + SHORTEST_WAIT));
        assert_eq!(turns.lanes.0["number"].waiting_segments, 100 - i64::try_from(turns.ordinary.len()).unwrap());
    }

    #[test]
    fn s4_a_text_that_could_not_go_takes_no_room_and_waits_for_something_else() {
        let paused = GoalWindow { paused: true, ..candidate(MessageKind::Initial).goal.unwrap() };
        let (paused, out) = (
            Candidate { goal: Some(paused), ..candidate(MessageKind::Initial) },
            Candidate { opted_out: true, ..candidate(MessageKind::Initial) },
        );
        let reply = candidate(MessageKind::Reply);
        let lanes = two_lanes(lane(60, 3), lane(60, 0));
        let waiting = [text("number", &paused), text("number", &out), text("number", &reply)];
        let turns = give(lanes, &[("number".to_owned(), 9)], &waiting, noon());
        let ids: Vec<_> = waiting.iter().filter_map(id).collect();
        assert_eq!(turns.waits, [(ids[0], Wait::new(HoldReason::Paused, None))]);
        assert_eq!(turns.cancelled, [(ids[1], CancelReason::OptedOut)]);
        assert_eq!((turns.urgent, turns.ordinary), (vec![ids[2]], vec![]));
        assert_eq!(turns.lanes.0["number"].waiting_segments, 1, "something may come to wait meanwhile");
        assert_eq!(turns.again, None, "fewer were there than were asked for");
    }

    #[test]
    fn s4_a_text_moves_to_the_lane_that_has_no_room() {
        let full = TokenBucket { free_at: noon() + TimeDelta::minutes(1), ..lane(60, 0) };
        let initial = candidate(MessageKind::Initial);
        let waiting = [text("number", &initial)];
        let turns = give(two_lanes(lane(60, 1), full), &[("number".to_owned(), 4)], &waiting, noon());
        let (_, wait) = &turns.waits[0];
        assert_eq!((wait.reason, wait.lane.as_deref()), (HoldReason::Rate, Some("campaign")));
        assert_eq!(turns.lanes.0["campaign"].waiting_segments, 1);
        assert_eq!(turns.lanes.0["number"].free_at, lane(60, 1).free_at, "it has taken nothing");
        assert_eq!(turns.again, Some(noon() + SHORTEST_WAIT));
    }

    #[test]
    fn s4_a_text_that_somebody_else_has_locked_is_looked_at_again() {
        let locked = [Waiting { lane: "number", text: Found::Locked }];
        let gone = [Waiting { lane: "number", text: Found::Gone }];
        let again = |waiting: &[Waiting<'_>], most| {
            give(two_lanes(lane(60, 9), lane(60, 0)), &[("number".to_owned(), most)], waiting, noon()).again
        };
        assert_eq!(again(&locked, 4), Some(noon() + SHORTEST_WAIT));
        assert_eq!(again(&gone, 4), None);
        assert_eq!(again(&gone, 1), Some(noon() + SHORTEST_WAIT), "there may be more");
    }

    proptest! {
        #[test]
        fn s4_every_text_has_one_fate_and_only_texts_that_go_take_room(
            paces in (1i64..3_000, 1i64..3_000),
            free_in in (-5i64..8, -5i64..8),
            texts in proptest::collection::vec((0usize..4, 1i64..6, any::<bool>(), 0usize..8), 0..60),
            round in 1i64..40,
        ) {
            let lane = |pace, seconds| TokenBucket { free_at: noon() + TimeDelta::seconds(seconds), ..lane(pace, 20) };
            let before = two_lanes(lane(paces.0, free_in.0), lane(paces.1, free_in.1));
            let paused = GoalWindow { paused: true, ..candidate(MessageKind::Initial).goal.unwrap() };
            let kinds = [
                candidate(MessageKind::Initial),
                candidate(MessageKind::Reply),
                Candidate { goal: Some(paused), ..candidate(MessageKind::Initial) },
                Candidate { opted_out: true, ..candidate(MessageKind::Initial) },
            ];
            let waiting: Vec<_> = texts.iter().map(|(kind, segments, in_number, state)| {
                let lane = if *in_number { "number" } else { "campaign" };
                let lanes = vec!["number".to_owned(), "campaign".to_owned()];
                let found = match state {
                    0 => Found::Locked,
                    1 => Found::Gone,
                    _ => Found::Text { id: MessageId::new(), segments: *segments, lanes, candidate: &kinds[*kind] },
                };
                Waiting { lane, text: found }
            }).collect();
            let looks = looks(&before, round, noon());
            let turns = give(before.clone(), &looks, &waiting, noon());

            let released: BTreeSet<_> = turns.urgent.iter().chain(&turns.ordinary).copied().collect();
            let waits: BTreeSet<_> = turns.waits.iter().map(|(id, _)| *id).collect();
            let cancelled: BTreeSet<_> = turns.cancelled.iter().map(|(id, _)| *id).collect();
            let all: BTreeSet<_> = waiting.iter().filter_map(id).collect();
            prop_assert!(released.is_disjoint(&waits) && released.is_disjoint(&cancelled) && waits.is_disjoint(&cancelled));
            prop_assert!(released.union(&waits).chain(&cancelled).all(|id| all.contains(id)));

            // The lanes are where the released texts alone, in their order, have brought them.
            let mut alone = before.clone();
            for waiting in &waiting {
                let Found::Text { id, segments, lanes, candidate } = &waiting.text else { continue };
                if released.contains(id) {
                    prop_assert_eq!(candidate.decide(noon()), Decision::HandOver);
                    prop_assert!(alone.take(lanes, *segments, false, noon()).is_ok());
                }
            }
            for (key, lane) in &turns.lanes.0 {
                prop_assert_eq!(lane.free_at, alone.0[key].free_at);
                prop_assert!(lane.waiting_segments >= 1);
            }

            // A text that stays behind is looked at again, and never at once.
            let stay = all.len() - released.len() - waits.len() - cancelled.len();
            let locked = waiting.iter().any(|waiting| matches!(waiting.text, Found::Locked));
            prop_assert!(turns.again.is_some() || (stay == 0 && !locked));
            prop_assert!(turns.again.is_none_or(|again| again >= noon() + SHORTEST_WAIT));
        }
    }
}
