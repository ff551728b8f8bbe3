//! The hand-over under stress: a cap's worth of texts through workers that die, and every point at
//! which a worker can die (rules S1 to S3).
//!
//! Messages are planted as agents' requests leave them; the judge is the simulated carrier's log.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod codes;
mod crash_points;
mod frequency;
mod hold_release;
mod late;
mod permits;
mod plant;
mod s3_cap;
mod stands_still;
mod together;
mod validity;
