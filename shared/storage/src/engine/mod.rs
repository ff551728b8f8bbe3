//! The job engine's rows: a job is outbox and history in one.
//!
//! Invariants: a job exists once its row commits; every write by a worker compares the epoch that
//! its claim got; a job's effects and its completion commit together.

pub mod acts;
pub mod buckets;
pub mod claim;
pub mod dead_letters;
pub mod enqueue;
pub mod history;
pub mod lives;
pub mod look;
pub mod operate;
pub mod partitions;
pub mod policies;
pub mod processes;
pub mod relay;
pub mod schedule_ops;
pub mod schedules;
pub mod sweep;
pub mod timers;

/// Error texts as Postgres can keep them: it has no U+0000.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
