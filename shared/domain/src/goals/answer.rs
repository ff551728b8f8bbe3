//! Answers of contacts to a goal (rule W5).

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// An answer that an agent records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Answer {
    /// They will; only these contacts are reminded (rule W6).
    Yes,
    /// They will not.
    No,
    /// They do not know yet.
    Maybe,
}

text_enum!(Answer);
