//! Jobs and their states (engine promise J11).

use strum::{VariantArray, VariantNames};

use crate::text_enum;

/// The one state that a job is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum JobState {
    /// Waits for the relay, due or not.
    Pending,
    /// Is in the broker, or on its way there.
    Published,
    /// A worker holds its lease.
    Running,
    /// Its effects are committed.
    Succeeded,
    /// Failed for good: it waits for an operator.
    Parked,
    /// Was cancelled by an operator, or superseded by a newer job with its unique key.
    Cancelled,
}

text_enum!(JobState);
