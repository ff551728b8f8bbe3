//! Names in the broker. Nothing else spells them.

use crate::JobKind;

/// The direct exchange to which the relay publishes every job; routing key is the kind.
pub const EXCHANGE: &str = "muster.jobs";

/// The beginning of every queue's name.
pub const QUEUE_PREFIX: &str = "muster.";

/// Returns the durable quorum queue of a kind.
pub fn queue(kind: JobKind) -> String {
    format!("{QUEUE_PREFIX}{}", kind.as_str())
}

/// The durable quorum queue of the broker's dead letters. A policy of the broker decides which
/// queues feed it.
pub const DEAD: &str = "muster.dead";

/// The Postgres channel that wakes the schedulers when a timer is set that is due before they look
/// again.
pub const NOTIFY_TIMERS: &str = "muster_timers";

/// The Postgres channel for the id of a goal that has just been paused, closed or moved, of a
/// contact that may not be texted any more as before (opted out, deactivated, redacted, taken from
/// the agent, said no), or of an organization or a brand with other terms.
pub const NOTIFY_STOPS: &str = "muster_stops";

/// The Postgres channel that wakes the relay when a job is enqueued.
pub const NOTIFY_JOBS: &str = "muster_jobs";
