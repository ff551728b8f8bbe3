//! The reader against hostile, damaged and merely unusual files (rules C2 to C4, C6, C7, C15).
#![allow(clippy::unwrap_used, reason = "tests")]

mod allocations;
mod arrivals;
mod cells;
mod encodings;
mod fuzzed;
mod headers;
mod model;
mod packed;
mod parts;
mod quotes;
mod reports;
mod sizes;
mod support;
mod well_formed;
