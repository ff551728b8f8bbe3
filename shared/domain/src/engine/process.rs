//! Processes that send heartbeats.

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// The role of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ProcessRole {
    /// Serves the API.
    Api,
    /// Runs the relay, timers and schedules.
    Scheduler,
    /// Runs jobs.
    Worker,
}

text_enum!(ProcessRole);
