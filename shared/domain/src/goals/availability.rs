//! Availability of a goal's work by its status (rule G5): the one table that the API, the workers
//! and the decision in front of the carrier ask. The database has the same rule for its queries as
//! `goal_status` and `goal_allows`.

use chrono::{DateTime, Utc};
use strum::{VariantArray, VariantNames};

use crate::{
    goals::goal::{GoalClock, GoalStatus},
    text_enum,
};

/// Work on a goal: the columns of rule G5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Work {
    /// Claiming, sending, releasing and handing over initials.
    Initials,
    /// The same for reminders.
    Reminders,
    /// Claiming unread replies, and answering in the conversation.
    Unread,
    /// Reading the goal's scripts.
    Scripts,
    /// Reading the agent's own scripts.
    OwnScripts,
    /// Recording yes, no and maybe.
    Answers,
    /// Reading conversations.
    Conversations,
}

text_enum!(Work);

/// A goal at an instant: the facts that decide about work on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoalMoment {
    /// Its status.
    pub status: GoalStatus,
    /// It was active before.
    pub was_active: bool,
    /// Its reminder window is open.
    pub reminders_open: bool,
}

/// Why work on a goal is not available.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The goal is not launched; a draft is not for agents.
    #[error("the goal is not launched")]
    Draft,
    /// An admin paused it.
    #[error("the goal is paused")]
    Paused,
    /// It is not open yet.
    #[error("the goal is not active yet")]
    NotOpen,
    /// Its reminder window is not open.
    #[error("the goal's reminder window is not open")]
    RemindersNotOpen,
    /// It has closed.
    #[error("the goal has closed")]
    Closed,
}

impl GoalMoment {
    /// Returns a goal's moment. Of a goal that is not open, only a text of it proves that it was
    /// active before ([`Self::texted`]).
    pub fn at(clock: &GoalClock, reminders: Option<(DateTime<Utc>, DateTime<Utc>)>, now: DateTime<Utc>) -> Self {
        Self {
            status: clock.status(now),
            was_active: false,
            reminders_open: reminders.is_some_and(|(opens, closes)| opens <= now && now < closes),
        }
    }

    /// Returns the moment of a goal that has texted somebody: it was active.
    #[must_use]
    pub const fn texted(self) -> Self {
        Self { was_active: true, ..self }
    }

    /// Looks up a cell of rule G5's table.
    pub const fn availability(self, work: Work) -> Result<(), Unavailable> {
        match (self.status, work) {
            (GoalStatus::Draft, _) => Err(Unavailable::Draft),
            (
                GoalStatus::Scheduled | GoalStatus::Active | GoalStatus::Paused | GoalStatus::Completed,
                Work::OwnScripts | Work::Conversations,
            )
            | (GoalStatus::Scheduled | GoalStatus::Active, Work::Scripts)
            | (GoalStatus::Active, Work::Initials | Work::Answers)
            | (GoalStatus::Active | GoalStatus::Completed, Work::Unread) => Ok(()),
            (GoalStatus::Scheduled, Work::Unread) if self.was_active => Ok(()),
            (GoalStatus::Active, Work::Reminders) if self.reminders_open => Ok(()),
            (GoalStatus::Active, Work::Reminders) => Err(Unavailable::RemindersNotOpen),
            (GoalStatus::Scheduled, Work::Initials | Work::Reminders | Work::Unread | Work::Answers) => {
                Err(Unavailable::NotOpen)
            }
            (GoalStatus::Paused, Work::Initials | Work::Reminders | Work::Unread | Work::Scripts | Work::Answers) => {
                Err(Unavailable::Paused)
            }
            (GoalStatus::Completed, Work::Initials | Work::Reminders | Work::Scripts | Work::Answers) => {
                Err(Unavailable::Closed)
            }
        }
    }

    /// Returns whether work is available.
    pub const fn allows(self, work: Work) -> bool {
        self.availability(work).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule G5's table as it is written. `window`: inside the reminder window; `before`: if the
    /// goal was active before.
    const TABLE: [(GoalStatus, [&str; 7]); 5] = [
        (GoalStatus::Draft, ["no", "no", "no", "no", "no", "no", "no"]),
        (GoalStatus::Scheduled, ["no", "no", "before", "yes", "yes", "no", "yes"]),
        (GoalStatus::Active, ["yes", "window", "yes", "yes", "yes", "yes", "yes"]),
        (GoalStatus::Paused, ["no", "no", "no", "no", "yes", "no", "yes"]),
        (GoalStatus::Completed, ["no", "no", "yes", "no", "yes", "no", "yes"]),
    ];

    #[test]
    fn g5_the_table_cell_by_cell() {
        assert_eq!(TABLE.map(|(status, _)| status.as_str()).len(), GoalStatus::ALL.len());
        for (status, row) in TABLE {
            for (work, cell) in Work::ALL.iter().copied().zip(row) {
                for (was_active, reminders_open) in [(false, false), (false, true), (true, false), (true, true)] {
                    let allowed = match cell {
                        "yes" => true,
                        "before" => was_active,
                        "window" => reminders_open,
                        _ => false,
                    };
                    let moment = GoalMoment { status, was_active, reminders_open };
                    assert_eq!(moment.allows(work), allowed, "{work:?} of {moment:?}");
                }
            }
        }
    }

    #[test]
    fn g5_a_refusal_names_the_reason() {
        let moment = |status| GoalMoment { status, was_active: false, reminders_open: false };
        for (status, work, why) in [
            (GoalStatus::Draft, Work::Conversations, Unavailable::Draft),
            (GoalStatus::Scheduled, Work::Unread, Unavailable::NotOpen),
            (GoalStatus::Active, Work::Reminders, Unavailable::RemindersNotOpen),
            (GoalStatus::Paused, Work::Reminders, Unavailable::Paused),
            (GoalStatus::Completed, Work::Answers, Unavailable::Closed),
        ] {
            assert_eq!(moment(status).availability(work), Err(why), "{status:?} {work:?}");
        }
    }

    #[test]
    fn g5_reminders_are_available_from_the_windows_first_instant_to_before_its_last() {
        let at = |minute| DateTime::UNIX_EPOCH + chrono::TimeDelta::minutes(minute);
        let clock = GoalClock { launched_at: Some(at(0)), paused_at: None, opens_at: at(10), closes_at: at(60) };
        let open = |reminders, minute| GoalMoment::at(&clock, reminders, at(minute)).allows(Work::Reminders);
        assert!(!open(None, 30));
        let window = Some((at(20), at(40)));
        assert_eq!([19, 20, 39, 40].map(|minute| open(window, minute)), [false, true, true, false]);
    }
}
