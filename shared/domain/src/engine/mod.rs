//! Jobs, acts on them, reasons of their lateness, processes and lives, schedules, retries, rates
//! and turns.

pub mod act;
pub mod bucket;
pub mod capacity;
pub mod concurrency;
pub mod job;
pub mod lateness;
pub mod life;
pub mod process;
pub mod retry;
pub mod schedule;
pub mod turns;
