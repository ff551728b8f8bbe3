//! Holds of a brand that a carrier asks for (rule S7).

use strum::{VariantArray, VariantNames};

use crate::{sending::HoldReason, text_enum};

/// The reason for which nothing of a brand is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum BrandHoldReason {
    /// The carrier says that the brand's cap is used up.
    Cap,
    /// The carrier asked to slow down, or to stop.
    Carrier,
}

text_enum!(BrandHoldReason);

impl BrandHoldReason {
    /// Returns the reason that held messages of the brand get.
    pub const fn of_messages(self) -> HoldReason {
        match self {
            Self::Cap => HoldReason::Cap,
            Self::Carrier => HoldReason::Carrier,
        }
    }
}
