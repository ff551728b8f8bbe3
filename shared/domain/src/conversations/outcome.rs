//! Outcomes of inbound texts.

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// The outcome of a text that a carrier has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum InboundOutcome {
    /// It is in a conversation.
    Conversation,
    /// No group has the number that it was sent to.
    NumberOfNobody,
    /// Its sender is a short code, which cannot be a contact.
    FromShortCode,
    /// Its sender is a name, which cannot be a contact.
    FromName,
    /// Its sender is a number that cannot be a contact's (rule C4).
    FromForeignNumber,
    /// It has no sender.
    FromNobody,
}

text_enum!(InboundOutcome);
