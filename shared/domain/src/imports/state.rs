//! States of an import (rules C7 and C15).

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// The one state that an import is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ImportState {
    /// Waits for its file to be cut into parts.
    Waiting,
    /// Is read and applied.
    Running,
    /// Every row is accounted for.
    Succeeded,
    /// The file as a whole was refused, or the import could not go on.
    Failed,
    /// An admin cancelled it.
    Cancelled,
}

text_enum!(ImportState);

impl ImportState {
    /// Tells whether nothing more happens to the import.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Waiting | Self::Running => false,
            Self::Succeeded | Self::Failed | Self::Cancelled => true,
        }
    }
}
