//! Batches: kinds and states (rules B1 to B6 and W6).

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// The purpose of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum BatchKind {
    /// Opens conversations.
    Initial,
    /// Reminds contacts with a yes.
    Reminder,
}

text_enum!(BatchKind);

/// The one state that a batch is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum BatchState {
    /// Waits for its release (rule B6).
    Held,
    /// Waits for an agent.
    Released,
    /// Is leased to an agent.
    Leased,
    /// Every contact in it is texted or skipped.
    Finished,
}

text_enum!(BatchState);
