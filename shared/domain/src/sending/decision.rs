//! The decision in front of the carrier: may this message go now? (rules S5, S6 and S9)

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    goals::goal::{GoalClock, GoalStatus, Work},
    sending::{
        hours::{Opening, RecipientHours},
        message::MessageKind,
    },
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
    /// Replies within a conversation may go at any hour (rule S5, a setting).
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

    /// Returns the status that decides about a message of the goal.
    fn status(&self, now: DateTime<Utc>) -> GoalStatus {
        let Self { paused, opens_at, closes_at } = *self;
        // A draft has no messages.
        GoalClock { launched_at: Some(opens_at), paused_at: paused.then_some(opens_at), opens_at, closes_at }
            .status(now)
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl HoldReason {
    /// Every reason.
    pub const ALL: [Self; 7] =
        [Self::Paused, Self::NotOpen, Self::Hours, Self::Cap, Self::Carrier, Self::Rate, Self::Frequency];

    /// Returns the stable word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::NotOpen => "not_open",
            Self::Hours => "hours",
            Self::Cap => "cap",
            Self::Carrier => "carrier",
            Self::Rate => "rate",
            Self::Frequency => "frequency",
        }
    }
}

/// Why a message will not go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    /// The contact was redacted.
    Redacted,
    /// The contact opted out.
    OptedOut,
    /// The contact is deactivated in the group.
    Deactivated,
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
}

impl CancelReason {
    /// Returns the stable word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Redacted => "redacted",
            Self::OptedOut => "opted_out",
            Self::Deactivated => "deactivated",
            Self::NotTextable => "not_textable",
            Self::Reassigned => "reassigned",
            Self::NoLongerYes => "no_longer_yes",
            Self::WindowClosed => "window_closed",
            Self::NoCommonHours => "no_common_hours",
        }
    }
}

impl Candidate {
    /// Decides at an instant of the database's clock.
    pub fn decide(&self, now: DateTime<Utc>) -> Decision {
        if let Some(reason) = self.forbidden() {
            return Decision::Cancel(reason);
        }
        if let Some(goal) = self.goal {
            let status = goal.status(now);
            if self.kind.belongs_to_goal() {
                match status {
                    GoalStatus::Completed | GoalStatus::Draft => return Decision::Cancel(CancelReason::WindowClosed),
                    _ if self.no_longer_yes && self.kind == MessageKind::Reminder => {
                        return Decision::Cancel(CancelReason::NoLongerYes);
                    }
                    GoalStatus::Paused => return Decision::Hold(HoldReason::Paused, None),
                    GoalStatus::Scheduled => return self.hold(HoldReason::NotOpen, goal.opens_at),
                    GoalStatus::Active => {}
                }
            } else if !status.allows(Work::Unread { was_active: true }) {
                return Decision::Hold(HoldReason::Paused, None);
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
mod tests {
    use super::*;
    use crate::{
        sending::hours::{Clock, SendingHours, Week},
        zone::Zone,
    };

    fn candidate() -> Candidate {
        Candidate {
            kind: MessageKind::Initial,
            redacted: false,
            opted_out: false,
            deactivated: false,
            not_textable: false,
            reassigned: false,
            no_longer_yes: false,
            frequent_until: None,
            replies_at_any_hour: true,
            goal: Some(always()),
            hours: RecipientHours::in_all(vec![Clock {
                zone: Zone::parse("America/New_York").unwrap(),
                week: Week::every_day(SendingHours::default()),
            }]),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn always() -> GoalWindow {
        GoalWindow { paused: false, opens_at: DateTime::UNIX_EPOCH, closes_at: at("2026-11-22T00:00:00Z") }
    }

    #[test]
    fn g5_what_is_decided_about_a_text_by_its_goals_status() {
        let noon = at("2026-11-21T17:00:00Z");
        let (later, over) = (at("2026-11-21T19:00:00Z"), at("2026-11-21T16:00:00Z"));
        let opens_tomorrow = GoalWindow { opens_at: later, ..always() };
        let closed = GoalWindow { closes_at: over, ..always() };
        let paused = |window| GoalWindow { paused: true, ..window };
        let hold = |reason, until| Decision::Hold(reason, until);
        let (held, cancelled) = (hold(HoldReason::Paused, None), Decision::Cancel(CancelReason::WindowClosed));
        for kind in [MessageKind::Initial, MessageKind::Reminder] {
            let decide = |window| Candidate { kind, goal: Some(window), ..candidate() }.decide(noon);
            assert_eq!(decide(always()), Decision::HandOver);
            assert_eq!(decide(opens_tomorrow), hold(HoldReason::NotOpen, Some(later)));
            assert_eq!(decide(closed), cancelled);
            assert_eq!(decide(paused(always())), held);
            assert_eq!(decide(paused(opens_tomorrow)), held);
            assert_eq!(decide(paused(closed)), cancelled, "closing wins over pausing");
            let at_night = GoalWindow { opens_at: at("2026-11-21T05:00:00Z"), ..always() };
            let before = Candidate { kind, goal: Some(at_night), ..candidate() }.decide(at("2026-11-20T23:00:00Z"));
            assert_eq!(before, hold(HoldReason::NotOpen, Some(at("2026-11-21T13:00:00Z"))), "open, and inside hours");
            let never =
                GoalWindow { opens_at: at("2026-11-21T05:00:00Z"), closes_at: at("2026-11-21T12:00:00Z"), ..always() };
            let before = Candidate { kind, goal: Some(never), ..candidate() }.decide(at("2026-11-20T23:00:00Z"));
            assert_eq!(before, cancelled, "it closes before the hours open");
        }
        let reply = |window| Candidate { kind: MessageKind::Reply, goal: Some(window), ..candidate() }.decide(noon);
        for window in [always(), opens_tomorrow, closed, paused(closed)] {
            assert_eq!(reply(window), Decision::HandOver, "{window:?}");
        }
        assert_eq!(reply(paused(always())), held);
    }

    #[test]
    fn w6_a_reminder_to_somebody_who_is_not_yes_any_more_is_cancelled() {
        let noon = at("2026-11-21T17:00:00Z");
        let mut reminder = Candidate { kind: MessageKind::Reminder, no_longer_yes: true, ..candidate() };
        assert_eq!(reminder.decide(noon), Decision::Cancel(CancelReason::NoLongerYes));
        let closed = Some(GoalWindow { closes_at: noon, ..always() });
        let over = Candidate { goal: closed, ..reminder.clone() }.decide(noon);
        assert_eq!(over, Decision::Cancel(CancelReason::WindowClosed), "an end is the reason for everybody");
        let paused = Candidate { goal: Some(GoalWindow { paused: true, ..always() }), ..reminder.clone() };
        assert_eq!(paused.decide(noon), Decision::Cancel(CancelReason::NoLongerYes));
        reminder.no_longer_yes = false;
        assert_eq!(reminder.decide(noon), Decision::HandOver);
        let initial = Candidate { no_longer_yes: true, ..candidate() };
        assert_eq!(initial.decide(noon), Decision::HandOver);
    }

    #[test]
    fn s9_whatever_forbids_a_message_is_checked_at_the_hand_over() {
        let noon = at("2026-11-21T17:00:00Z");
        assert_eq!(candidate().decide(noon), Decision::HandOver);
        let with = |change: fn(&mut Candidate)| {
            let mut it = candidate();
            change(&mut it);
            it.decide(noon)
        };
        assert_eq!(with(|c| c.opted_out = true), Decision::Cancel(CancelReason::OptedOut));
        assert_eq!(with(|c| c.redacted = true), Decision::Cancel(CancelReason::Redacted));
        assert_eq!(with(|c| c.deactivated = true), Decision::Cancel(CancelReason::Deactivated));
        assert_eq!(with(|c| c.reassigned = true), Decision::Cancel(CancelReason::Reassigned));
        assert_eq!(with(|c| c.goal.as_mut().unwrap().paused = true), Decision::Hold(HoldReason::Paused, None));
    }

    #[test]
    fn s6_held_until_the_instant_or_cancelled_when_the_goal_closes_first() {
        let early = at("2026-11-21T11:00:00Z");
        let opens = at("2026-11-21T13:00:00Z");
        assert_eq!(candidate().decide(early), Decision::Hold(HoldReason::Hours, Some(opens)));
        let mut closing = candidate();
        closing.goal = Some(GoalWindow { closes_at: opens, ..always() });
        assert_eq!(closing.decide(early), Decision::Cancel(CancelReason::WindowClosed));
    }

    #[test]
    fn s5_replies_go_at_any_hour() {
        let mut reply = candidate();
        reply.kind = MessageKind::Reply;
        assert_eq!(reply.decide(at("2026-11-21T08:00:00Z")), Decision::HandOver);
        assert_eq!(reply.decide(at("2026-11-23T08:00:00Z")), Decision::HandOver, "and after the goal has closed");
    }

    #[test]
    fn s5_replies_keep_the_hours_where_the_organization_wants_it() {
        let (night, opens) = (at("2026-11-21T08:00:00Z"), at("2026-11-21T13:00:00Z"));
        let mut reply = candidate();
        (reply.kind, reply.replies_at_any_hour) = (MessageKind::Reply, false);
        assert_eq!(reply.decide(night), Decision::Hold(HoldReason::Hours, Some(opens)));
        assert_eq!(reply.decide(opens), Decision::HandOver);
        reply.goal = None;
        assert_eq!(reply.decide(night), Decision::Hold(HoldReason::Hours, Some(opens)), "also outside of any goal");
        reply.kind = MessageKind::Help;
        assert_eq!(reply.decide(night), Decision::HandOver, "what is owed goes at once");
    }

    #[test]
    fn s5_the_hours_have_to_last_as_long_as_a_hand_over_may_take() {
        let (closes, opens) = (at("2026-11-21T01:00:00Z"), at("2026-11-21T13:00:00Z"));
        let ago = |seconds| closes - TimeDelta::seconds(seconds);
        let takes = TimeDelta::seconds(10);
        assert_eq!(candidate().decide_until(ago(31), ago(1), takes), Decision::HandOver);
        assert_eq!(candidate().decide_until(ago(29), ago(-1), takes), Decision::Hold(HoldReason::Hours, Some(opens)));
        let mut closing = candidate();
        closing.goal = Some(GoalWindow { closes_at: opens, ..always() });
        assert_eq!(closing.decide_until(ago(29), ago(-1), takes), Decision::Cancel(CancelReason::WindowClosed));
        closing.goal = Some(GoalWindow { closes_at: ago(40), ..always() });
        assert_eq!(closing.decide_until(ago(60), ago(35), takes), Decision::HandOver, "until it closes");
        let closed = Decision::Cancel(CancelReason::WindowClosed);
        assert_eq!(closing.decide_until(ago(54), ago(30), takes), closed, "it would end on its way");
        assert_eq!(closing.decide_until(ago(55), ago(30), takes), Decision::HandOver);
    }

    #[test]
    fn s7a_a_text_lives_as_long_as_its_hours_its_goal_and_the_carriers_day() {
        let (now, day_ends) = (at("2026-11-21T17:00:00Z"), at("2026-11-22T08:00:00Z"));
        let lives = |change: fn(&mut Candidate)| {
            let mut it = candidate();
            change(&mut it);
            it.lives_until(now, day_ends)
        };
        assert_eq!(lives(|_| ()), at("2026-11-22T00:00:00Z"), "the goal closes first");
        let close = |it: &mut Candidate| it.goal.as_mut().unwrap().closes_at = at("2026-11-25T00:00:00Z");
        assert_eq!(lives(close), at("2026-11-22T01:00:00Z"), "the hours end first");
        let reply: fn(&mut Candidate) = |it| it.kind = MessageKind::Reply;
        assert_eq!(lives(reply), now + LONGEST_LIFE, "an answer goes at any hour and after its goal");
        let in_hours = |it: &mut Candidate| (it.kind, it.replies_at_any_hour) = (MessageKind::Reply, false);
        assert_eq!(lives(in_hours), at("2026-11-22T01:00:00Z"), "answers that keep the hours end with them");
        let late = at("2026-11-22T06:00:00Z");
        let mut owed = candidate();
        owed.kind = MessageKind::OptOutConfirmation;
        assert_eq!(owed.lives_until(late, day_ends), day_ends, "the carrier's day ends first");
        assert_eq!(candidate().lives_until(late, day_ends), at("2026-11-22T00:00:00Z"), "it is over");
    }

    #[test]
    fn g7_a_pause_holds_replies_as_well() {
        let mut reply = candidate();
        reply.kind = MessageKind::Reply;
        reply.goal.as_mut().unwrap().paused = true;
        assert_eq!(reply.decide(at("2026-11-21T17:00:00Z")), Decision::Hold(HoldReason::Paused, None));
    }

    #[test]
    fn s12_an_initial_too_many_waits_until_the_contact_may_have_another() {
        let mut initial = candidate();
        initial.frequent_until = Some(at("2026-11-21T18:00:00Z"));
        let waits = Decision::Hold(HoldReason::Frequency, Some(at("2026-11-21T18:00:00Z")));
        assert_eq!(initial.decide(at("2026-11-21T17:00:00Z")), waits);
        assert_eq!(initial.decide(at("2026-11-21T18:00:00Z")), Decision::HandOver);
        initial.kind = MessageKind::Reminder;
        assert_eq!(initial.decide(at("2026-11-21T17:00:00Z")), Decision::HandOver, "reminders do not count");
    }

    #[test]
    fn i3_only_the_confirmation_goes_to_somebody_who_opted_out() {
        let mut confirmation = candidate();
        confirmation.kind = MessageKind::OptOutConfirmation;
        confirmation.opted_out = true;
        assert_eq!(confirmation.decide(at("2026-11-21T08:00:00Z")), Decision::HandOver);
    }
}
