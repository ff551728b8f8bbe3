//! Which of the texts that may go now also fit under the brand's caps and rates
//! (rules S3, S4 and S10).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use strum::{VariantArray, VariantNames};

use crate::{
    sending::rate::{Full, TokenBuckets},
    text_enum,
};

/// How texts to numbers of an unknown carrier count: a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum UnknownCarriers {
    /// Against the strictest cap and the strictest rate that the brand has.
    #[default]
    Strictest,
    /// Against none.
    Unlimited,
}

text_enum!(UnknownCarriers);

impl UnknownCarriers {
    /// Returns the limit that a text to a number of this carrier counts against: its carrier's, if
    /// that limits the brand.
    pub fn limit_of<'a>(self, limits: &'a BTreeMap<String, i64>, carrier: Option<&str>) -> Option<&'a str> {
        match (carrier, self) {
            (Some(carrier), _) => limits.get_key_value(carrier).map(|(carrier, _)| carrier.as_str()),
            (None, Self::Strictest) => strictest(limits),
            (None, Self::Unlimited) => None,
        }
    }
}

/// Returns the carrier with the lowest limit.
pub fn strictest(limits: &BTreeMap<String, i64>) -> Option<&str> {
    limits.iter().min_by_key(|(_, limit)| **limit).map(|(carrier, _)| carrier.as_str())
}

/// A text that asks to go.
#[derive(Debug, Clone)]
pub struct Asks {
    /// The carrier of the cap that it counts against.
    pub cap: Option<String>,
    /// The lanes that it takes; none when it was let through them before.
    pub lanes: Vec<String>,
    /// Its length.
    pub segments: i64,
    /// Somebody waits for it: it does not go behind others.
    pub urgent: bool,
}

/// Limits that stop a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// Too little is left of its cap today.
    Cap,
    /// One of its lanes has no room now.
    Rate(Full),
}

/// Caps and lanes of a brand, as one transaction has them locked.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    /// Segments left today, by carrier; a carrier that is not here caps nothing.
    pub left: BTreeMap<String, i64>,
    /// The lanes.
    pub lanes: TokenBuckets,
}

impl Admission {
    /// Lets a text through, or returns the limit that stops it. A text that does not fit under its
    /// cap keeps out all that come after it: the order of a queue is its fairness.
    pub fn admit(&mut self, text: &Asks, now: DateTime<Utc>) -> Result<(), Stop> {
        let mut left = text.cap.as_ref().and_then(|carrier| self.left.get_mut(carrier));
        if let Some(left) = &mut left
            && **left < text.segments
        {
            **left = 0;
            return Err(Stop::Cap);
        }
        if let Err(full) = self.lanes.take(&text.lanes, text.segments, !text.urgent, now) {
            self.lanes.wait(&full.lane, text.segments);
            return Err(Stop::Rate(full));
        }
        if let Some(left) = left {
            *left -= text.segments;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sending::rate::TokenBucket;

    fn now() -> DateTime<Utc> {
        "2026-11-21T17:00:00Z".parse().unwrap()
    }

    fn asks(cap: &str, segments: i64) -> Asks {
        Asks { cap: Some(cap.to_owned()), lanes: vec!["number".to_owned()], segments, urgent: false }
    }

    fn admission(left: i64, segments_per_minute: i64) -> Admission {
        let lane = TokenBucket { segments_per_minute, free_at: now(), waiting_segments: 0 };
        Admission {
            left: BTreeMap::from([("t-mobile".to_owned(), left)]),
            lanes: TokenBuckets(BTreeMap::from([("number".to_owned(), lane)])),
        }
    }

    #[test]
    fn s3_admission_never_exceeds_what_is_left_and_keeps_the_order() {
        let mut to = admission(5, 100_000);
        assert_eq!(to.admit(&asks("t-mobile", 2), now()), Ok(()));
        assert_eq!(to.admit(&asks("t-mobile", 2), now()), Ok(()));
        assert_eq!(to.admit(&asks("t-mobile", 2), now()), Err(Stop::Cap));
        assert_eq!(to.admit(&asks("t-mobile", 1), now()), Err(Stop::Cap), "it would fit, and another came first");
        assert_eq!(to.admit(&asks("att", 2), now()), Ok(()), "another carrier's cap");
    }

    #[test]
    fn s4_what_a_lane_stops_uses_nothing_of_the_cap() {
        let mut to = admission(5, 60);
        assert_eq!(to.admit(&asks("t-mobile", 2), now()), Ok(()));
        assert!(matches!(to.admit(&asks("t-mobile", 2), now()), Err(Stop::Rate(full)) if full.lane == "number"));
        assert_eq!((to.left["t-mobile"], to.lanes.0["number"].waiting_segments), (3, 2));
    }

    #[test]
    fn s10_unknown_carriers_count_against_the_strictest() {
        let limits = BTreeMap::from([("att".to_owned(), 4_500), ("t-mobile".to_owned(), 2_000)]);
        let (strict, free) = (UnknownCarriers::Strictest, UnknownCarriers::Unlimited);
        assert_eq!(strict.limit_of(&limits, None), Some("t-mobile"));
        assert_eq!(strict.limit_of(&limits, Some("att")), Some("att"));
        assert_eq!(strict.limit_of(&limits, Some("verizon")), None);
        assert_eq!(free.limit_of(&limits, None), None);
        assert_eq!(strict.limit_of(&BTreeMap::new(), None), None);
    }
}
