//! Rates (rule S4): how many segments a minute may go to one carrier for a brand, and from one
//! number.
//!
//! A lane is the subject of such a limit: a token bucket. It remembers one instant, at which all
//! texts that it let through will have had their time at the lane's pace (the "theoretical arrival
//! time" of the generic cell rate algorithm). A text may go when its own time then ends within
//! [`BURST`] from now, so that little bursts pass and no minute ever has more segments than the
//! limit: the pace is slower than the limit by as much as the bursts may bring forward.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

/// Burst that a token bucket allows: how far ahead of its time a text may go.
pub const BURST: TimeDelta = TimeDelta::seconds(3);

/// Shortest wait at a lane, so that many lanes are looked after at once.
pub const SHORTEST_WAIT: TimeDelta = TimeDelta::seconds(1);

/// The fastest pace that a lane can have.
pub const FASTEST_RATE: i64 = 1_000_000;

/// AT&T's limits for registered campaigns, in segments a minute by class. Source: Telnyx' 10DLC
/// rate limits, and Convey 45221643638291. They are here to be shown; the rates in force are data.
pub const AT_AND_T_CLASSES: [(&str, i64); 12] = [
    ("A", 4_500),
    ("B", 4_500),
    ("C", 2_400),
    ("D", 2_400),
    ("E", 240),
    ("F", 240),
    ("K", 4_500),
    ("P", 2_400),
    ("S", 9_000),
    ("T", 75),
    ("W", 15),
    ("G", 60),
];

/// Token bucket of a limit: its pace, and how far it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenBucket {
    /// The limit.
    pub segments_per_minute: i64,
    /// Instant at which all texts that were let through have had their time.
    pub free_at: DateTime<Utc>,
    /// About how many segments wait for the lane; 0 when none do.
    pub waiting_segments: i64,
}

impl TokenBucket {
    /// Returns the time that a text takes. A minute and a horizon together have as many segments as
    /// the limit allows in a minute.
    fn time_of(&self, segments: i64) -> TimeDelta {
        let minute = (TimeDelta::minutes(1) + BURST).num_microseconds().unwrap_or(i64::MAX);
        let pace = self.segments_per_minute.clamp(1, FASTEST_RATE);
        let whole = segments.max(0).saturating_mul(minute);
        TimeDelta::microseconds(whole / pace + i64::from(whole % pace != 0))
    }

    /// Returns when the lane will be free if it lets this text through now; `None` when it is too
    /// early for that. A text that is longer than the horizon goes when the lane is idle.
    fn after(&self, now: DateTime<Utc>, segments: i64) -> Option<DateTime<Utc>> {
        let after = self.free_at.max(now) + self.time_of(segments);
        (after <= now + BURST || self.free_at <= now).then_some(after)
    }

    /// Returns when a text may go, if nothing else does before.
    pub fn opens_at(&self, now: DateTime<Utc>, segments: i64) -> DateTime<Utc> {
        let fits = self.free_at + self.time_of(segments) - BURST;
        fits.min(self.free_at).max(now)
    }

    /// About how many texts of one segment fit now.
    pub fn room(&self, now: DateTime<Utc>) -> i64 {
        let left = (now + BURST - self.free_at.max(now)).num_microseconds().unwrap_or(0).max(0);
        let fit = left / self.time_of(1).num_microseconds().unwrap_or(1).max(1);
        fit.max(i64::from(self.free_at <= now))
    }

    /// Returns when a text that comes to wait now can expect to go: behind all that waits already.
    fn expected_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        (self.free_at.max(now) + self.time_of(self.waiting_segments) - BURST).max(now + SHORTEST_WAIT)
    }
}

/// A lane had no room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Full {
    /// Which.
    pub lane: String,
    /// When a text can expect to go.
    pub expected_at: DateTime<Utc>,
}

/// Texts' use of a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The lane.
    pub key: String,
    /// Its time.
    pub time: TimeDelta,
    /// The pace at which they take it.
    pub segments_per_minute: i64,
}

/// Token buckets by the keys of their lanes, as one transaction has them locked.
#[derive(Debug, Clone, Default)]
pub struct TokenBuckets(pub BTreeMap<String, TokenBucket>);

impl TokenBuckets {
    /// Lets a text through all of these lanes, or none; keys without a lane limit nothing. Texts
    /// `behind` others do not pass while something waits for a lane.
    pub fn take(&mut self, keys: &[String], segments: i64, behind: bool, now: DateTime<Utc>) -> Result<(), Full> {
        let mut after = Vec::with_capacity(keys.len());
        for key in keys {
            let Some(lane) = self.0.get(key) else { continue };
            match lane.after(now, segments) {
                Some(free_at) if !behind || lane.waiting_segments == 0 => after.push((key, free_at)),
                _ => return Err(Full { lane: key.clone(), expected_at: lane.expected_at(now) }),
            }
        }
        for (key, free_at) in after {
            if let Some(lane) = self.0.get_mut(key) {
                lane.free_at = free_at;
            }
        }
        Ok(())
    }

    /// Returns the use of lanes since they were as `before`.
    pub fn taken_since(&self, before: &Self, now: DateTime<Utc>) -> Vec<Share> {
        let taken = self.0.iter().filter_map(|(key, lane)| {
            let from = before.0.get(key)?.free_at.max(now);
            let segments_per_minute = lane.segments_per_minute;
            (lane.free_at > from).then(|| Share { key: key.clone(), time: lane.free_at - from, segments_per_minute })
        });
        taken.collect()
    }

    /// A text has come to wait for a lane.
    pub fn wait(&mut self, key: &str, segments: i64) {
        if let Some(lane) = self.0.get_mut(key) {
            lane.waiting_segments += segments;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-11-21T17:00:00Z".parse().unwrap()
    }

    fn lanes(segments_per_minute: i64) -> TokenBuckets {
        let free_at = start() - TimeDelta::days(1);
        TokenBuckets(BTreeMap::from([(
            "a".to_owned(),
            TokenBucket { segments_per_minute, free_at, waiting_segments: 0 },
        )]))
    }

    fn key() -> Vec<String> {
        vec!["a".to_owned()]
    }

    #[test]
    fn s4_a_number_sends_about_a_segment_a_second() {
        let mut lanes = lanes(60);
        let mut sent = 0;
        for second in 0..600 {
            while lanes.take(&key(), 1, false, start() + TimeDelta::seconds(second)).is_ok() {
                sent += 1;
            }
        }
        // 600 s less the bursts that may be brought forward in each minute.
        assert!((570..=574).contains(&sent), "{sent}");
    }

    #[test]
    fn s4_a_text_longer_than_the_horizon_goes_when_the_lane_is_idle() {
        let mut lanes = lanes(60);
        lanes.take(&key(), 57, false, start()).unwrap();
        let full = lanes.take(&key(), 57, false, start()).unwrap_err();
        assert_eq!(full.lane, "a");
        let idle = lanes.0["a"].opens_at(start(), 57);
        assert!(lanes.take(&key(), 57, false, idle - TimeDelta::seconds(1)).is_err());
        lanes.take(&key(), 57, false, idle).unwrap();
    }

    #[test]
    fn s4_a_newcomer_waits_behind_those_that_wait() {
        let mut lanes = lanes(60);
        lanes.wait("a", 10);
        let full = lanes.take(&key(), 1, true, start()).unwrap_err();
        assert!(full.expected_at > start() + TimeDelta::seconds(7), "{full:?}");
        lanes.take(&key(), 1, false, start()).unwrap();
    }

    proptest! {
        #[test]
        fn s4_no_minute_has_more_segments_than_the_limit(
            limit in 1i64..5_000,
            asked in prop::collection::vec((0i64..4_000, 1i64..8), 1..600),
        ) {
            let mut lanes = lanes(limit);
            let (mut now, mut went) = (start(), Vec::new());
            for (milliseconds, segments) in asked {
                now += TimeDelta::milliseconds(milliseconds);
                let longer = lanes.0["a"].time_of(segments) > BURST;
                if lanes.take(&key(), segments, false, now).is_ok() {
                    went.push((now, segments, longer));
                }
            }
            for (last, (until, ..)) in went.iter().enumerate() {
                let window = went[..=last].iter().filter(|(at, ..)| *at > *until - TimeDelta::minutes(1));
                let segments: i64 = window.clone().map(|(_, segments, _)| segments).sum();
                // A text that is longer than the horizon may be the minute's last beside all
                // others.
                let beyond = window.filter(|(.., longer)| *longer).map(|(_, segments, _)| *segments).max().unwrap_or(0);
                prop_assert!(segments <= limit + beyond, "{segments} of {limit} in the minute to {until}");
            }
        }

        #[test]
        fn s4_what_is_refused_fits_when_the_lane_says(limit in 1i64..5_000, segments in prop::collection::vec(1i64..10, 1..50)) {
            let mut lanes = lanes(limit);
            let mut now = start();
            for segments in segments {
                if lanes.take(&key(), segments, false, now).is_err() {
                    let opens = lanes.0["a"].opens_at(now, segments);
                    prop_assert!(opens > now);
                    now = opens;
                    prop_assert!(lanes.take(&key(), segments, false, now).is_ok());
                }
            }
        }
    }
}
