//! Schedules, retries and turns.

pub mod concurrency;
pub mod retry;
pub mod schedule;
pub mod turns;
