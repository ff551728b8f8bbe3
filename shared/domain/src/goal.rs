//! Goals: types, windows and status (rules G1 to G5).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What a goal is for (rule G1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// Who gets which batch (rule W1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStrategy {
    /// First come, first served.
    Anyone,
    /// An agent sees only the contacts assigned to them.
    Assigned,
}

/// Status is a function of the clock and the record (rule G4); it is never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// What of a goal's record decides its status.
#[derive(Debug, Clone, Copy)]
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
    /// The status at an instant.
    pub fn status(&self, now: DateTime<Utc>) -> GoalStatus {
        if self.launched_at.is_none() {
            GoalStatus::Draft
        } else if self.paused_at.is_some() {
            GoalStatus::Paused
        } else if now < self.opens_at {
            GoalStatus::Scheduled
        } else if now < self.closes_at {
            GoalStatus::Active
        } else {
            GoalStatus::Completed
        }
    }
}

impl GoalStatus {
    /// Rule G5: may initials be claimed and sent? Reminders too, inside their own window.
    pub const fn allows_initials(self) -> bool {
        matches!(self, Self::Active)
    }

    /// Rule G5: may yes, no and maybe be recorded?
    pub const fn allows_answers(self) -> bool {
        matches!(self, Self::Active)
    }
}

/// The longest window of a goal (rule G3).
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

/// Checks rule G3, and that a reminder window lies within.
pub fn check_window(
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    reminder: Option<(DateTime<Utc>, DateTime<Utc>)>,
) -> Result<(), WindowError> {
    if opens_at >= closes_at {
        return Err(WindowError::Empty);
    }
    if closes_at - opens_at > LONGEST_WINDOW {
        return Err(WindowError::TooLong);
    }
    match reminder {
        Some((opens, closes)) if opens >= closes || opens < opens_at || closes > closes_at => {
            Err(WindowError::Reminder)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    #[test]
    fn g4_status_follows_the_clock() {
        let mut clock = GoalClock { launched_at: None, paused_at: None, opens_at: at(10), closes_at: at(20) };
        assert_eq!(clock.status(at(15)), GoalStatus::Draft);
        clock.launched_at = Some(at(1));
        assert_eq!(clock.status(at(9)), GoalStatus::Scheduled);
        assert_eq!(clock.status(at(10)), GoalStatus::Active);
        assert_eq!(clock.status(at(20)), GoalStatus::Completed);
        clock.paused_at = Some(at(12));
        assert_eq!(clock.status(at(15)), GoalStatus::Paused);
        assert_eq!(clock.status(at(25)), GoalStatus::Paused);
    }

    #[test]
    fn g3_windows() {
        assert_eq!(check_window(at(2), at(2), None), Err(WindowError::Empty));
        assert_eq!(check_window(at(0), at(31 * 24 + 1), None), Err(WindowError::TooLong));
        assert_eq!(check_window(at(0), at(10), Some((at(2), at(11)))), Err(WindowError::Reminder));
        assert_eq!(check_window(at(0), at(10), Some((at(2), at(10)))), Ok(()));
    }
}
