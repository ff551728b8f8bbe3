//! Jobs, processes, schedules, retries and turns.

pub mod concurrency;
pub mod job;
pub mod process;
pub mod retry;
pub mod schedule;
pub mod turns;
