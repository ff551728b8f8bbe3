//! An agent's home (rules G5, W3, B4 and B6): for each workflow of a goal, the step that the agent
//! can take now, or the obstacle to it and its end. A function of facts; time is an argument.

use chrono::{DateTime, Utc};
use strum::{VariantArray, VariantNames};

use crate::{goals::availability::Unavailable, text_enum};

/// A step that an agent can take now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Step {
    /// Go on with the batch or the conversations in hand.
    GoOn,
    /// Claim a batch, or conversations.
    Claim,
}

text_enum!(Step);

/// Kinds of obstacles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ObstacleKind {
    /// The goal is not launched.
    Draft,
    /// The goal is paused.
    Paused,
    /// The goal is not open yet.
    NotOpen,
    /// The goal has closed.
    Closed,
    /// The goal has no reminder.
    NoReminder,
    /// The reminder window is not open yet.
    ReminderNotOpen,
    /// The reminder window is over.
    ReminderOver,
    /// The agent has no number to text from.
    NoNumber,
    /// Contacts are being cut into batches, or batches released.
    Preparing,
    /// Batches wait for the plan's next release.
    NextRelease,
    /// Batches wait for the sending hours.
    OutsideHours,
    /// Other agents hold all that is left.
    WithOthers,
    /// Nothing is left for this agent.
    NothingLeft,
}

text_enum!(ObstacleKind);

/// An obstacle to a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Obstacle {
    /// Its kind.
    pub kind: ObstacleKind,
    /// When it ends, or may end, where that is known.
    pub until: Option<DateTime<Utc>>,
}

impl Obstacle {
    const fn of(kind: ObstacleKind) -> Self {
        Self { kind, until: None }
    }

    const fn until(kind: ObstacleKind, until: Option<DateTime<Utc>>) -> Self {
        Self { kind, until }
    }
}

/// The facts about a workflow with batches, for one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact about the goal or the agent")]
pub struct BatchFacts {
    /// The goal's cell of rule G5.
    pub available: Result<(), Unavailable>,
    /// When the goal opens.
    pub opens_at: DateTime<Utc>,
    /// Whether these are reminders.
    pub reminders: bool,
    /// When the reminder window opens and closes.
    pub reminder_window: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The agent has a number in the group.
    pub has_number: bool,
    /// The goal's contacts are cut into batches.
    pub partitioned: bool,
    /// The agent has a batch in hand.
    pub in_hand: bool,
    /// Released batches that the agent may claim.
    pub released: i64,
    /// Batches for the agent that wait for their release.
    pub held: i64,
    /// When the first lease of other agents ends; the agent could claim the rest of its batch.
    pub with_others_until: Option<DateTime<Utc>>,
    /// When batches are looked at for the next release.
    pub next_release: Option<DateTime<Utc>>,
    /// When the sending hours open; none while they are open.
    pub hours_open_at: Option<DateTime<Utc>>,
}

/// The state of a workflow for an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workable {
    /// The step, or the obstacle.
    pub step: Result<Step, Obstacle>,
    /// When texts go that are sent now; none where they go at once.
    pub texts_wait_until: Option<DateTime<Utc>>,
}

impl BatchFacts {
    /// Decides about the workflow at an instant.
    pub fn decide(&self, now: DateTime<Utc>) -> Workable {
        let step = self.step(now);
        Workable { step, texts_wait_until: self.hours_open_at.filter(|_| step.is_ok()) }
    }

    fn step(&self, now: DateTime<Utc>) -> Result<Step, Obstacle> {
        if self.reminders && self.reminder_window.is_none() && !matches!(self.available, Err(Unavailable::Draft)) {
            return Err(Obstacle::of(ObstacleKind::NoReminder));
        }
        self.available.map_err(|why| unavailable(why, self.opens_at, self.reminder_window, now))?;
        if !self.has_number {
            return Err(Obstacle::of(ObstacleKind::NoNumber));
        }
        if self.in_hand {
            return Ok(Step::GoOn);
        }
        if !self.partitioned {
            return Err(Obstacle::of(ObstacleKind::Preparing));
        }
        if self.released > 0 {
            return Ok(Step::Claim);
        }
        if self.held > 0 {
            return Err(match (self.hours_open_at, self.next_release.filter(|at| *at > now)) {
                (Some(opens), _) => Obstacle::until(ObstacleKind::OutsideHours, Some(opens)),
                (None, Some(at)) => Obstacle::until(ObstacleKind::NextRelease, Some(at)),
                (None, None) => Obstacle::of(ObstacleKind::Preparing),
            });
        }
        Err(match self.with_others_until {
            Some(until) => Obstacle::until(ObstacleKind::WithOthers, Some(until)),
            None => Obstacle::of(ObstacleKind::NothingLeft),
        })
    }
}

/// The facts about the replies of a goal's conversations, for one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyFacts {
    /// The goal's cell of rule G5.
    pub available: Result<(), Unavailable>,
    /// When the goal opens.
    pub opens_at: DateTime<Utc>,
    /// The agent has a number in the group.
    pub has_number: bool,
    /// Conversations with unread replies that the agent may claim.
    pub waiting: i64,
    /// Such conversations in the agent's hand.
    pub in_hand: i64,
}

impl ReplyFacts {
    /// Decides about the replies at an instant.
    pub fn decide(&self, now: DateTime<Utc>) -> Result<Step, Obstacle> {
        self.available.map_err(|why| unavailable(why, self.opens_at, None, now))?;
        if !self.has_number {
            return Err(Obstacle::of(ObstacleKind::NoNumber));
        }
        match (self.in_hand, self.waiting) {
            (1.., _) => Ok(Step::GoOn),
            (_, 1..) => Ok(Step::Claim),
            _ => Err(Obstacle::of(ObstacleKind::NothingLeft)),
        }
    }
}

fn unavailable(
    why: Unavailable,
    opens_at: DateTime<Utc>,
    reminder_window: Option<(DateTime<Utc>, DateTime<Utc>)>,
    now: DateTime<Utc>,
) -> Obstacle {
    match why {
        Unavailable::Draft => Obstacle::of(ObstacleKind::Draft),
        Unavailable::Paused => Obstacle::of(ObstacleKind::Paused),
        Unavailable::NotOpen => Obstacle::until(ObstacleKind::NotOpen, Some(opens_at)),
        Unavailable::Closed => Obstacle::of(ObstacleKind::Closed),
        Unavailable::RemindersNotOpen => match reminder_window {
            Some((opens, _)) if now < opens => Obstacle::until(ObstacleKind::ReminderNotOpen, Some(opens)),
            Some(_) => Obstacle::of(ObstacleKind::ReminderOver),
            None => Obstacle::of(ObstacleKind::NoReminder),
        },
    }
}

#[cfg(test)]
mod tests;
