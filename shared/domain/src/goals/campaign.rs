//! Campaigns: goals of an organization that are planned together.

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// An action on every goal of a campaign that it applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CampaignAction {
    /// Pauses goals that are active or scheduled.
    Pause,
    /// Resumes goals that are paused.
    Resume,
    /// Closes goals.
    Close,
}

text_enum!(CampaignAction);
