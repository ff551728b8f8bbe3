//! Schedules, retries and turns.

pub mod retry;
pub mod schedule;
pub mod turns;
