//! Daily carrier caps (rule S3): days, and how many segments still fit.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use crate::{
    text_enum,
    zone::{UnknownZone, Zone},
};

/// Zone of the carrier's day: T-Mobile's turns at midnight in this zone, and so do all caps here.
pub const CARRIER_ZONE: &str = "America/Los_Angeles";

/// The carrier of the cap that numbers of unknown carriers count against (rule S10): the only one
/// that caps by brand and day.
pub const STRICTEST_CARRIER: &str = "t-mobile";

/// The state of a message's segments under a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CapState {
    /// They count, and come back if the message does not go.
    Reserved,
    /// They count for good: the carrier has the message.
    Settled,
}

text_enum!(CapState);

/// A carrier's day, by its date in [`CARRIER_ZONE`]. It has 23 or 25 hours at a change of clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CarrierDay(pub NaiveDate);

/// The carrier's calendar.
#[derive(Debug, Clone)]
pub struct CarrierCalendar(Zone);

impl CarrierCalendar {
    /// Loads the carrier's zone.
    pub fn load() -> Result<Self, UnknownZone> {
        Zone::parse(CARRIER_ZONE).map(Self)
    }

    /// Returns the day that an instant falls in.
    pub fn day(&self, at: DateTime<Utc>) -> CarrierDay {
        CarrierDay(self.0.local(at).date())
    }

    /// Returns the first instant of the day that `at` falls in.
    pub fn day_starts(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.0.start_of_day(self.day(at).0)
    }

    /// Returns the first instant of the day after the one that `at` falls in.
    pub fn next_day_starts(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.0.start_of_day(self.day(at).0 + Days::new(1))
    }
}

/// Returns how many of these texts, in this order, still fit in the rest of the day. A text that
/// does not fit keeps out all that come after it: the order of a queue is its fairness.
pub fn admit(left: i64, segments: impl IntoIterator<Item = i64>) -> usize {
    let mut used = 0;
    segments
        .into_iter()
        .take_while(|text| {
            used += *text;
            used <= left
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_carrier_days_at_a_change_of_clocks() {
        let calendar = CarrierCalendar::load().unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let day = |from: &str| {
            let from = at(from);
            (calendar.day(from).0.to_string(), calendar.next_day_starts(from) - from)
        };
        assert_eq!(day("2027-03-14T08:00:00Z"), ("2027-03-14".into(), chrono::TimeDelta::hours(23)));
        assert_eq!(day("2026-11-01T07:00:00Z"), ("2026-11-01".into(), chrono::TimeDelta::hours(25)));
    }

    #[test]
    fn s3_admission_never_exceeds_what_is_left() {
        assert_eq!(admit(5, [2, 2, 2]), 2);
        assert_eq!(admit(0, [1]), 0);
        assert_eq!(admit(6, [2, 2, 2]), 3);
        assert_eq!(admit(-1, [1]), 0);
    }
}
