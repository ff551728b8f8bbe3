//! Names in the broker. Nothing else spells them.

use crate::JobKind;

/// The direct exchange to which the relay publishes every job; routing key is the kind.
pub const EXCHANGE: &str = "muster.jobs";

/// The durable quorum queue of a kind.
pub fn queue(kind: JobKind) -> String {
    format!("muster.{}", kind.as_str())
}

/// The Postgres channel that wakes the relay when a job is enqueued.
pub const NOTIFY_JOBS: &str = "muster_jobs";
