//! The decision in front of the carrier: may this message go now? (rules S5, S6 and S9)

use chrono::{DateTime, TimeDelta, Utc};
use strum::{VariantArray, VariantNames};

use crate::{
    goals::{
        availability::{GoalMoment, Unavailable, Work},
        goal::GoalClock,
    },
    sending::{
        hours::{Opening, RecipientHours},
        message::MessageKind,
    },
    text_enum,
};

/// How long a text has to be able to wait at the carrier for a hand-over to make sense (rule S7a).
/// Carriers send within moments, unless their queue is long; and a text that ends sooner than this
/// is likely to be lost there, and paid for.
pub const SHORTEST_LIFE: TimeDelta = TimeDelta::seconds(5);

/// How long a carrier keeps a text in its queue at most (Twilio's `ValidityPeriod`).
pub const LONGEST_LIFE: TimeDelta = TimeDelta::hours(10);

/// A queued message with everything that may forbid it, as read in the transaction that hands it
/// over.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent fact about the contact, read from its own column"
)]
pub struct Candidate {
    /// Why the message exists.
    pub kind: MessageKind,
    /// The contact was redacted.
    pub redacted: bool,
    /// The contact opted out of the organization.
    pub opted_out: bool,
    /// The contact is deactivated in the message's group.
    pub deactivated: bool,
    /// The contact was taken out of the message's group (rule C16).
    pub not_in_group: bool,
    /// A lookup said that the number takes no texts (rule C5).
    pub not_textable: bool,
    /// The contact was taken from the agent of this text, in a goal with assigned agents (rule W4).
    pub reassigned: bool,
    /// A reminder to a contact without a yes, or without one any more (rule W6).
    pub no_longer_yes: bool,
    /// The organization's cap on initials across goals is reached until then (rule S12).
    pub frequent_until: Option<DateTime<Utc>>,
    /// The goal, for initials and reminders.
    pub goal: Option<GoalWindow>,
    /// It answers the contact's own text, and such replies may go at any hour (rule S5, a setting).
    pub replies_at_any_hour: bool,
    /// The organization's sending hours, in every place where they and the law must be kept for
    /// this contact.
    pub hours: RecipientHours,
}

/// The parts of a goal that decide about its messages.
#[derive(Debug, Clone, Copy)]
pub struct GoalWindow {
    /// An admin paused it.
    pub paused: bool,
    /// When it opens; for a reminder, when its reminder window is open as well.
    pub opens_at: DateTime<Utc>,
    /// When it closes; for a reminder, when its reminder window closes.
    pub closes_at: DateTime<Utc>,
}

impl GoalWindow {
    /// Returns the part of it in which reminders may be sent. A goal that was closed by hand keeps
    /// its reminder window, which ends with it.
    #[must_use]
    pub fn within(self, opens: DateTime<Utc>, closes: DateTime<Utc>) -> Self {
        Self { opens_at: self.opens_at.max(opens), closes_at: self.closes_at.min(closes), ..self }
    }

    /// Returns the goal's moment that decides about a message of it. A draft has no messages, and
    /// a goal with messages was active. Of a reminder's goal this is the reminder window.
    fn moment(&self, now: DateTime<Utc>) -> GoalMoment {
        let Self { paused, opens_at, closes_at } = *self;
        let clock =
            GoalClock { launched_at: Some(opens_at), paused_at: paused.then_some(opens_at), opens_at, closes_at };
        GoalMoment::at(&clock, Some((opens_at, closes_at)), now).texted()
    }
}

/// Decision about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Hand it to the carrier, if its segments fit under the cap.
    HandOver,
    /// Not now.
    Hold(HoldReason, Option<DateTime<Utc>>),
    /// Not at all.
    Cancel(CancelReason),
}

/// Why a message waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum HoldReason {
    /// The goal is paused; it goes on when the goal is resumed.
    Paused,
    /// The goal or its reminder window is not open, because an admin moved it to a later time
    /// (rule G5).
    NotOpen,
    /// Outside the sending hours.
    Hours,
    /// No segments are left under the brand's cap today.
    Cap,
    /// The carrier asked to slow down or had a passing fault.
    Carrier,
    /// The number or the brand's campaign has sent as much as it may in this moment (rule S4).
    Rate,
    /// The contact has had as many initials as the organization allows in 24 hours (rule S12).
    Frequency,
}

text_enum!(HoldReason);

/// Why a message will not go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CancelReason {
    /// The contact was redacted.
    Redacted,
    /// The contact opted out.
    OptedOut,
    /// The contact is deactivated in the group.
    Deactivated,
    /// The contact was taken out of the group.
    NotInGroup,
    /// The number takes no texts.
    NotTextable,
    /// The contact belongs to another agent now.
    Reassigned,
    /// The contact's answer is not yes any more (rule W6).
    NoLongerYes,
    /// The goal closes before the message could go.
    WindowClosed,
    /// The zones' sending hours never meet.
    NoCommonHours,
    /// The number that it was to be sent from is not the organization's any more (rule A3).
    NumberGone,
}

text_enum!(CancelReason);

/// The reason that stands beside a message that is held or cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageReason {
    /// It waits.
    Held(HoldReason),
    /// It will not go.
    Cancelled(CancelReason),
}

impl MessageReason {
    /// Returns the stable word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held(reason) => reason.as_str(),
            Self::Cancelled(reason) => reason.as_str(),
        }
    }

    /// Returns the reason of a word.
    pub fn parse(word: &str) -> Option<Self> {
        HoldReason::parse(word).map(Self::Held).or_else(|| CancelReason::parse(word).map(Self::Cancelled))
    }
}

impl Candidate {
    /// Decides at an instant of the database's clock.
    pub fn decide(&self, now: DateTime<Utc>) -> Decision {
        if let Some(reason) = self.forbidden() {
            return Decision::Cancel(reason);
        }
        if let Some(goal) = self.goal {
            match goal.moment(now).availability(self.work()) {
                Err(Unavailable::Closed | Unavailable::Draft) => return Decision::Cancel(CancelReason::WindowClosed),
                _ if self.no_longer_yes && self.kind == MessageKind::Reminder => {
                    return Decision::Cancel(CancelReason::NoLongerYes);
                }
                Err(Unavailable::Paused) => return Decision::Hold(HoldReason::Paused, None),
                Err(Unavailable::NotOpen | Unavailable::RemindersNotOpen) => {
                    return self.hold(HoldReason::NotOpen, goal.opens_at);
                }
                Ok(()) => {}
            }
        }
        if !self.keeps_hours() {
            return Decision::HandOver;
        }
        if let Some(until) = self.frequent_until.filter(|until| self.kind == MessageKind::Initial && *until > now) {
            return self.hold(HoldReason::Frequency, until);
        }
        match self.hours.at(now) {
            Opening::Open => Decision::HandOver,
            Opening::ClosedUntil(at) => self.hold(HoldReason::Hours, at),
            Opening::Never => Decision::Cancel(CancelReason::NoCommonHours),
        }
    }

    /// Decides about a hand-over that may take until `latest`: the hours have to be open all the
    /// while. For a goal that closes meanwhile, the worker looks at its own clock. A goal with an
    /// end that leaves less than [`SHORTEST_LIFE`] after a call, which may take so long as `takes`,
    /// is closed for this text.
    pub fn decide_until(&self, now: DateTime<Utc>, latest: DateTime<Utc>, takes: TimeDelta) -> Decision {
        let closes_at = self.goal.filter(|_| self.kind.belongs_to_goal()).map(|goal| goal.closes_at);
        match self.decide(now) {
            Decision::HandOver if closes_at.is_some_and(|at| at < now + takes + SHORTEST_LIFE) => {
                Decision::Cancel(CancelReason::WindowClosed)
            }
            Decision::HandOver if self.keeps_hours() && self.hours.at(latest) != Opening::Open => {
                match self.hours.next(latest) {
                    Some(open) => self.hold(HoldReason::Hours, open),
                    None => Decision::Cancel(CancelReason::NoCommonHours),
                }
            }
            decision => decision,
        }
    }

    /// Returns the instant until which the carrier may send it, if it is handed over now
    /// (rule S7a): its hours, its goal's or its reminder window and the carrier's day end it, and
    /// [`LONGEST_LIFE`]. Answers end with neither goal nor, where they go at any hour, with hours.
    pub fn lives_until(&self, now: DateTime<Utc>, day_ends: DateTime<Utc>) -> DateTime<Utc> {
        let ends = day_ends.min(now + LONGEST_LIFE);
        let ends = match self.goal.filter(|_| self.kind.belongs_to_goal()) {
            Some(goal) => ends.min(goal.closes_at),
            None => ends,
        };
        if self.keeps_hours() { self.hours.closes(now, ends) } else { ends }
    }

    /// Returns the work that it is part of (rule G5).
    const fn work(&self) -> Work {
        match self.kind {
            MessageKind::Initial => Work::Initials,
            MessageKind::Reminder => Work::Reminders,
            MessageKind::Reply
            | MessageKind::OptOutConfirmation
            | MessageKind::Help
            | MessageKind::Test
            | MessageKind::Inbound => Work::Unread,
        }
    }

    /// Returns whether the sending hours count for it. The engine's own answers go at any hour, and
    /// so do replies unless the organization says otherwise.
    fn keeps_hours(&self) -> bool {
        if self.kind == MessageKind::Reply {
            !self.replies_at_any_hour
        } else {
            self.kind.belongs_to_goal() && self.goal.is_some()
        }
    }

    /// Holds until `at` and then until the sending hours open (rule S3: the next carrier day *and*
    /// sending hours), or cancels when the goal closes first.
    pub fn hold(&self, reason: HoldReason, at: DateTime<Utc>) -> Decision {
        let Some(goal) = self.goal.filter(|_| self.kind.belongs_to_goal()) else {
            let open = if self.keeps_hours() { self.hours.next(at).unwrap_or(at) } else { at };
            return Decision::Hold(reason, Some(open));
        };
        match self.hours.next(at) {
            Some(open) if open < goal.closes_at => Decision::Hold(reason, Some(open)),
            Some(_) => Decision::Cancel(CancelReason::WindowClosed),
            None => Decision::Cancel(CancelReason::NoCommonHours),
        }
    }

    fn forbidden(&self) -> Option<CancelReason> {
        // The confirmation of an opt-out and the answer to HELP are the only texts to a contact
        // with an opt-out.
        let owed = matches!(self.kind, MessageKind::OptOutConfirmation | MessageKind::Help);
        if self.redacted {
            Some(CancelReason::Redacted)
        } else if self.opted_out && !owed {
            Some(CancelReason::OptedOut)
        } else if self.deactivated && !owed {
            Some(CancelReason::Deactivated)
        } else if self.not_in_group && !owed {
            Some(CancelReason::NotInGroup)
        } else if self.not_textable {
            Some(CancelReason::NotTextable)
        } else if self.reassigned && self.kind.belongs_to_goal() {
            Some(CancelReason::Reassigned)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests;
mod words;
