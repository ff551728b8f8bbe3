//! A text that does not go now: the end of its wait, and the event that wakes it
//! (rules S3, S4 and S6). Chapter: sending.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::{
    ids::GroupId,
    sending::{CancelReason, Candidate, Decision, HoldReason, rate::Full},
};

/// Why and until when a text waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Why.
    pub reason: HoldReason,
    /// Until when; none until something happens. For a text that waits for a lane, when it can
    /// expect to go.
    pub until: Option<DateTime<Utc>>,
    /// The lane that it waits for: the lane's turn lets it go, not the time.
    pub lane: Option<String>,
}

impl Wait {
    /// Returns a wait that time or an event ends.
    pub const fn new(reason: HoldReason, until: Option<DateTime<Utc>>) -> Self {
        Self { reason, until, lane: None }
    }

    /// Returns a wait for a lane that is full. When the text can expect to go is a guess, which
    /// cancels nothing: a goal that closes first cancels when it closes.
    pub fn for_lane(text: &Candidate, full: Full) -> Self {
        let until = match text.hold(HoldReason::Rate, full.expected_at) {
            Decision::Hold(_, until) => until,
            Decision::HandOver | Decision::Cancel(_) => Some(full.expected_at),
        };
        Self { reason: HoldReason::Rate, until, lane: Some(full.lane) }
    }
}

/// The decision about one text, with the lane that it may wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It goes.
    Go,
    /// Not now.
    Wait(Wait),
    /// Not at all.
    Cancel(CancelReason),
}

impl From<Decision> for Verdict {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::HandOver => Self::Go,
            Decision::Hold(reason, until) => Self::Wait(Wait::new(reason, until)),
            Decision::Cancel(reason) => Self::Cancel(reason),
        }
    }
}

/// Returns the first instant at which one of a group's texts can go, by group. Texts that wait for
/// a lane have their turn by the lane's timer.
pub fn first_ends<'a>(waits: impl IntoIterator<Item = (GroupId, &'a Wait)>) -> BTreeMap<GroupId, DateTime<Utc>> {
    let mut first = BTreeMap::new();
    for (group_id, wait) in waits {
        if let (Some(until), None) = (wait.until, &wait.lane) {
            let ends = first.entry(group_id).or_insert(until);
            *ends = until.min(*ends);
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn s6_a_groups_timer_is_for_the_first_of_its_texts_that_time_lets_go() {
        let now: DateTime<Utc> = "2026-11-21T17:00:00Z".parse().unwrap();
        let (ours, theirs) = (GroupId::new(), GroupId::new());
        let after = |minutes| Wait::new(HoldReason::Hours, Some(now + TimeDelta::minutes(minutes)));
        let in_lane = Wait { lane: Some("number".to_owned()), ..after(1) };
        let paused = Wait::new(HoldReason::Paused, None);
        let (late, early) = (after(9), after(5));
        let waits = [(ours, &late), (ours, &early), (ours, &in_lane), (ours, &paused), (theirs, &in_lane)];
        assert_eq!(first_ends(waits), BTreeMap::from([(ours, now + TimeDelta::minutes(5))]));
    }
}
