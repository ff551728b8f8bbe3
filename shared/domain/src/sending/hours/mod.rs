//! Sending hours (rules S5 and S6): when a text may go out, in every zone that the contact may be
//! in.
//!
//! `week` is a week's windows in one place, `holidays` the days on which a jurisdiction allows
//! none, `jurisdictions` the table of laws, `clock` finds a place's next opening, and `recipient`
//! puts a contact's together and answers for an instant.

mod clock;
mod holidays;
mod jurisdictions;
mod recipient;
mod week;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use clock::{Clock, HORIZON_DAYS};
pub use holidays::HolidayCalendar;
pub use jurisdictions::{BadLaws, Jurisdiction, Jurisdictions};
pub use recipient::{Opening, RecipientHours, Strictness, ZonePolicy};
pub use week::Week;

use crate::zone::Zone;

/// A daily window of wall-clock time, in minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendingHours {
    /// First minute of the window, 0 to 1,439.
    pub opens_minute: u16,
    /// First minute after the window, 1 to 1,440.
    pub closes_minute: u16,
}

/// The window is empty or not within one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sending hours must open before they close, within one day (minutes 0 to 1440)")]
pub struct BadHours;

impl Default for SendingHours {
    /// 08:00 to 20:00.
    fn default() -> Self {
        Self::of(8, 20)
    }
}

impl SendingHours {
    /// Checks the window.
    pub fn new(opens_minute: u16, closes_minute: u16) -> Result<Self, BadHours> {
        if opens_minute < closes_minute && closes_minute <= 24 * 60 {
            Ok(Self { opens_minute, closes_minute })
        } else {
            Err(BadHours)
        }
    }

    /// From one full hour to another.
    const fn of(opens_hour: u16, closes_hour: u16) -> Self {
        Self { opens_minute: opens_hour * 60, closes_minute: closes_hour * 60 }
    }

    /// Returns the time in both windows.
    fn and(self, other: Self) -> Option<Self> {
        let opens = self.opens_minute.max(other.opens_minute);
        Self::new(opens, self.closes_minute.min(other.closes_minute)).ok()
    }

    /// Returns the first instant at or after `at` that is inside these hours in every zone; `None`
    /// when there is none within [`HORIZON_DAYS`], because the zones' windows never meet.
    pub fn next_in_all(self, zones: &[Zone], at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let clocks = zones.iter().map(|zone| Clock { zone: zone.clone(), week: Week::every_day(self) }).collect();
        RecipientHours::in_all(clocks).next(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(zones: &[&str], at: &str) -> Option<String> {
        let zones: Vec<Zone> = zones.iter().map(|name| Zone::parse(name).unwrap()).collect();
        let at = at.parse().unwrap();
        SendingHours::default().next_in_all(&zones, at).map(|at| at.to_rfc3339())
    }

    #[test]
    fn s5_inside_every_zone_or_at_the_next_opening() {
        // 07:59 and 20:00 in New York wait; 08:00 goes.
        assert_eq!(next(&["America/New_York"], "2026-11-21T12:59:00Z").unwrap(), "2026-11-21T13:00:00+00:00");
        assert_eq!(next(&["America/New_York"], "2026-11-21T13:00:00Z").unwrap(), "2026-11-21T13:00:00+00:00");
        assert_eq!(next(&["America/New_York"], "2026-11-22T01:00:00Z").unwrap(), "2026-11-22T13:00:00+00:00");
        // 13:00 UTC is 05:00 in Los Angeles: both open at 16:00 UTC.
        let both = ["America/New_York", "America/Los_Angeles"];
        assert_eq!(next(&both, "2026-11-21T13:00:00Z").unwrap(), "2026-11-21T16:00:00+00:00");
    }

    #[test]
    fn s5_windows_that_never_meet_never_send() {
        assert_eq!(next(&["America/New_York", "Asia/Bangkok"], "2026-11-21T13:00:00Z"), None);
    }

    #[test]
    fn a_window_must_be_within_a_day() {
        assert!(SendingHours::new(0, 1440).is_ok());
        assert!(SendingHours::new(600, 600).is_err());
        assert!(SendingHours::new(0, 1441).is_err());
    }
}
