//! Jobs, acts on them, processes, schedules, retries, rates and turns.

pub mod act;
pub mod bucket;
pub mod concurrency;
pub mod job;
pub mod process;
pub mod retry;
pub mod schedule;
pub mod turns;
