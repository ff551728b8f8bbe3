//! Goals: types, windows and status (rules G1 to G4).

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// Purpose of a goal (rule G1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum GoalType {
    /// An event; the date is its start.
    Event,
    /// A volunteer shift; the date is its start.
    VolunteerShift,
    /// Turnout by a target date.
    Turnout,
    /// Fundraising by a target date.
    Fundraising,
    /// Advocacy by a target date.
    Advocacy,
    /// A survey by a target date.
    Survey,
    /// Anything else with a target date.
    Custom,
}

text_enum!(GoalType);

/// How batches go to agents (rule W1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum AssignmentStrategy {
    /// First come, first served.
    Anyone,
    /// An agent sees only the contacts assigned to them.
    Assigned,
}

text_enum!(AssignmentStrategy);

/// Status is a function of the clock and the record (rule G4); it is never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum GoalStatus {
    /// Not launched.
    Draft,
    /// An admin paused it.
    Paused,
    /// Launched, before it opens.
    Scheduled,
    /// Open.
    Active,
    /// Closed.
    Completed,
}

text_enum!(GoalStatus);

/// The parts of a goal's record that decide its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoalClock {
    /// When an admin launched it.
    pub launched_at: Option<DateTime<Utc>>,
    /// Since when it is paused.
    pub paused_at: Option<DateTime<Utc>>,
    /// When its workflows become available.
    pub opens_at: DateTime<Utc>,
    /// When its workflows close.
    pub closes_at: DateTime<Utc>,
}

impl GoalClock {
    /// Returns the status at an instant.
    pub fn status(&self, now: DateTime<Utc>) -> GoalStatus {
        if self.launched_at.is_none() {
            GoalStatus::Draft
        } else if now >= self.closes_at {
            // Closing wins over pausing.
            GoalStatus::Completed
        } else if self.paused_at.is_some() {
            GoalStatus::Paused
        } else if now < self.opens_at {
            GoalStatus::Scheduled
        } else {
            GoalStatus::Active
        }
    }
}

/// The longest window of a goal, on the group's clocks (rule G3): 31 calendar days, also where
/// clocks change in between.
pub const LONGEST_WINDOW: TimeDelta = TimeDelta::days(31);
/// Characters of the instructions for agents (rule G2).
pub const INSTRUCTIONS_LIMIT: usize = 300;

/// Why a window is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// It closes before it opens.
    #[error("opens_at must be before closes_at")]
    Empty,
    /// It is longer than [`LONGEST_WINDOW`].
    #[error("a goal's window is at most 31 days")]
    TooLong,
    /// The reminder window is not within the goal's.
    #[error("the reminder window must open before it closes, within the goal's window")]
    Reminder,
}

/// When a goal is open: on the group's clocks, and the instants that this resolves to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When it opens, on the group's clocks.
    pub opens_local: NaiveDateTime,
    /// When it closes, on the group's clocks.
    pub closes_local: NaiveDateTime,
    /// When it opens.
    pub opens_at: DateTime<Utc>,
    /// When it closes.
    pub closes_at: DateTime<Utc>,
    /// When reminders may be sent.
    pub reminder: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Window {
    /// Checks rule G3, and that a reminder window lies within.
    pub fn check(&self) -> Result<(), WindowError> {
        self.check_length()?;
        match self.reminder {
            Some((opens, closes)) if opens < self.opens_at || closes > self.closes_at => Err(WindowError::Reminder),
            _ => Ok(()),
        }
    }

    /// Checks rule G3 alone. A goal that was closed early keeps the reminder window that it was to
    /// have, and so does its duplicate.
    pub fn check_length(&self) -> Result<(), WindowError> {
        if self.opens_at >= self.closes_at {
            return Err(WindowError::Empty);
        }
        if self.closes_local - self.opens_local > LONGEST_WINDOW {
            return Err(WindowError::TooLong);
        }
        match self.reminder {
            Some((opens, closes)) if opens >= closes => Err(WindowError::Reminder),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Zone;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    #[test]
    fn g4_status_follows_the_clock_and_closing_wins_over_pausing() {
        let mut clock = GoalClock { launched_at: None, paused_at: None, opens_at: at(10), closes_at: at(20) };
        assert_eq!(clock.status(at(15)), GoalStatus::Draft);
        assert_eq!(clock.status(at(25)), GoalStatus::Draft);
        clock.launched_at = Some(at(1));
        assert_eq!(clock.status(at(9)), GoalStatus::Scheduled);
        assert_eq!(clock.status(at(10)), GoalStatus::Active);
        assert_eq!(clock.status(at(20)), GoalStatus::Completed);
        clock.paused_at = Some(at(12));
        assert_eq!(clock.status(at(9)), GoalStatus::Paused);
        assert_eq!(clock.status(at(15)), GoalStatus::Paused);
        assert_eq!(clock.status(at(20)), GoalStatus::Completed);
        assert_eq!(clock.status(at(25)), GoalStatus::Completed);
    }

    fn window(hours: [i64; 2], reminder: Option<[i64; 2]>) -> Result<(), WindowError> {
        let [opens_at, closes_at] = hours.map(at);
        let reminder = reminder.map(|hours| hours.map(at)).map(|[opens, closes]| (opens, closes));
        let (opens_local, closes_local) = (opens_at.naive_utc(), closes_at.naive_utc());
        Window { opens_local, closes_local, opens_at, closes_at, reminder }.check()
    }

    #[test]
    fn g3_windows() {
        assert_eq!(window([2, 2], None), Err(WindowError::Empty));
        assert_eq!(window([0, 31 * 24], None), Ok(()));
        assert_eq!(window([0, 31 * 24 + 1], None), Err(WindowError::TooLong));
        assert_eq!(window([0, 10], Some([2, 11])), Err(WindowError::Reminder));
        assert_eq!(window([3, 10], Some([2, 9])), Err(WindowError::Reminder));
        assert_eq!(window([0, 10], Some([4, 4])), Err(WindowError::Reminder));
        assert_eq!(window([0, 10], Some([2, 10])), Ok(()));
    }

    #[test]
    fn g3_31_calendar_days_are_31_days_whatever_the_clocks_do_in_between() {
        for zone in ["America/New_York", "America/Phoenix", "Australia/Lord_Howe", "Europe/Berlin", "America/Santiago"]
        {
            let zone = Zone::parse(zone).unwrap();
            for month in 1..=12 {
                let opens_local =
                    chrono::NaiveDate::from_ymd_opt(2027, month, 10).unwrap().and_hms_opt(10, 0, 0).unwrap();
                let check = |days, seconds| {
                    let closes_local = opens_local + TimeDelta::days(days) + TimeDelta::seconds(seconds);
                    let (opens_at, closes_at) = (zone.resolve(opens_local), zone.resolve(closes_local));
                    Window { opens_local, closes_local, opens_at, closes_at, reminder: None }.check()
                };
                assert_eq!(check(31, 0), Ok(()), "{opens_local}");
                assert_eq!(check(31, 1), Err(WindowError::TooLong), "{opens_local}");
            }
        }
    }
}
