//! Messages: kinds, states and how receipts move them (rules S1, S2 and S8).

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// Why a message exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum MessageKind {
    /// Opens a conversation in a goal; at most one for each contact and goal (rule B7).
    Initial,
    /// Reminds a contact with a yes; at most one for each contact and goal (rule W6).
    Reminder,
    /// An agent's answer in a conversation.
    Reply,
    /// The one confirmation of an opt-out (rule I3).
    OptOutConfirmation,
    /// The answer to HELP.
    Help,
    /// A goal's text on an admin's own phone, which no goal counts.
    Test,
    /// A text from the contact.
    Inbound,
}

text_enum!(MessageKind);

impl MessageKind {
    /// Initials and reminders are the goal's: they keep its window, its pause and the sending hours
    /// (rule S5).
    pub const fn belongs_to_goal(self) -> bool {
        matches!(self, Self::Initial | Self::Reminder)
    }
}

/// The one state that a message is in (rule S1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum MessageState {
    /// Waits for a worker.
    Queued,
    /// Cannot go now; the reason and, where it is known, the instant at which it can are beside it.
    Held,
    /// Is being handed to the carrier.
    Sending,
    /// The hand-over's outcome is not known; it is never sent again before the carrier says it
    /// never had it.
    Unknown,
    /// The carrier has it.
    Sent,
    /// The handset has it.
    Delivered,
    /// The carrier gave up.
    Undelivered,
    /// The carrier refused it.
    Failed,
    /// Will not go; the reason is beside it.
    Cancelled,
    /// A text from the contact, which is there.
    Received,
}

text_enum!(MessageState);

impl MessageState {
    /// The text was handed to the carrier, so that its contact counts as messaged (rule T1). The
    /// carrier may have a text with a hand-over that has no outcome yet, so that counts as well
    /// (rule S2). The database has the same rule as `is_messaged`.
    pub const fn is_messaged(self) -> bool {
        match self {
            Self::Sending | Self::Unknown | Self::Sent | Self::Delivered | Self::Undelivered | Self::Failed => true,
            Self::Queued | Self::Held | Self::Cancelled | Self::Received => false,
        }
    }
}

/// Content of a carrier's receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ReceiptStatus {
    /// The carrier has the message and works on it.
    Sent,
    /// The handset has it.
    Delivered,
    /// The carrier gave up.
    Undelivered,
    /// The carrier refused it after accepting it.
    Failed,
}

text_enum!(ReceiptStatus);

impl ReceiptStatus {
    /// Returns the state that a message is in after this receipt.
    pub const fn state(self) -> MessageState {
        match self {
            Self::Sent => MessageState::Sent,
            Self::Delivered => MessageState::Delivered,
            Self::Undelivered => MessageState::Undelivered,
            Self::Failed => MessageState::Failed,
        }
    }
}

/// Returns how far along a state is; receipts only ever move a message to a higher rank (rule S8).
/// `None` where a receipt changes nothing: the message was never handed over. One that was, and
/// waits to be handed over again because its carrier did not seem to have it, is as far as one that
/// is on its way: the receipt proves that it went (rule S2).
pub const fn receipt_rank(state: MessageState, was_handed_over: bool) -> Option<u8> {
    match state {
        MessageState::Received => None,
        MessageState::Queued | MessageState::Held | MessageState::Cancelled if !was_handed_over => None,
        MessageState::Queued
        | MessageState::Held
        | MessageState::Cancelled
        | MessageState::Sending
        | MessageState::Unknown => Some(0),
        MessageState::Sent => Some(1),
        MessageState::Delivered | MessageState::Undelivered | MessageState::Failed => Some(2),
    }
}

/// Rule S8: does a receipt move a message that is in this state?
pub fn receipt_applies(state: MessageState, was_handed_over: bool, receipt: ReceiptStatus) -> bool {
    receipt_rank(state, was_handed_over).is_some_and(|rank| receipt_rank(receipt.state(), true) > Some(rank))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s8_receipts_never_move_a_message_backwards() {
        use MessageState as M;
        use ReceiptStatus as R;
        assert!(receipt_applies(M::Sending, true, R::Sent));
        assert!(receipt_applies(M::Unknown, true, R::Delivered));
        assert!(receipt_applies(M::Sent, true, R::Undelivered));
        assert!(!receipt_applies(M::Delivered, true, R::Sent));
        assert!(!receipt_applies(M::Delivered, true, R::Failed));
        assert!(!receipt_applies(M::Sent, true, R::Sent));
        assert!(receipt_applies(M::Held, true, R::Delivered), "it went after all");
        assert!(!receipt_applies(M::Held, false, R::Delivered));
        assert!(!receipt_applies(M::Cancelled, false, R::Delivered));
    }
}
