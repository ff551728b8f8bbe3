//! Reasons in plain words, as agents and admins read them beside a text.

use super::{CancelReason, HoldReason, MessageReason};

impl MessageReason {
    /// Returns the reason in plain words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Held(reason) => reason.in_words(),
            Self::Cancelled(reason) => reason.in_words(),
        }
    }
}

impl HoldReason {
    /// Returns the reason in plain words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Paused => "waits until the goal is resumed",
            Self::NotOpen => "waits until the goal is open",
            Self::Hours => "waits for sending hours",
            Self::Cap => "waits for the carrier's next day: today's cap is reached",
            Self::Carrier => "waits because the carrier asked to slow down or had a passing fault",
            Self::Rate => "waits its turn: the number or the campaign has sent as much as it may in this moment",
            Self::Frequency => "waits because the contact has had as many first texts as are allowed in 24 hours",
        }
    }
}

impl CancelReason {
    /// Returns the reason in plain words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Redacted => "not sent: the contact's data was erased",
            Self::OptedOut => "not sent: the contact has opted out",
            Self::Deactivated => "not sent: the contact is deactivated in the group",
            Self::NotInGroup => "not sent: the contact was taken out of the group",
            Self::NotTextable => "not sent: the number takes no texts",
            Self::Reassigned => "not sent: the contact is another agent's now",
            Self::NoLongerYes => "not sent: the contact's answer is not yes any more",
            Self::WindowClosed => "not sent: the goal closed before it could go",
            Self::NoCommonHours => "not sent: there is no hour at which the contact may be texted",
            Self::NumberGone => "not sent: the number that it was to be sent from is not the organization's any more",
        }
    }
}
