//! Goals: their windows, their batches and the leases of these.

mod batch_partition;
mod batch_release;
mod goal_transition;
mod lease_expiry;
mod reminder_open;
pub(crate) mod zone_rules;
