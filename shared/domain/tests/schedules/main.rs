//! Schedules (rules J10 and J11) against models that share no code with them.
//!
//! - `examples`: each rule, with dates that one can look up.
//! - `all_zones`: every zone's every change of clocks from 2000 to 2040, against clocks read minute
//!   by minute (`model`).
//! - `cron_crate`: the reading of expressions, against the `cron` crate in UTC, where its iterator
//!   is sound.
//! - `catch_up`: the fate of missed ticks.
#![expect(clippy::unwrap_used, reason = "what the generators make is in range")]

mod all_zones;
mod catch_up;
mod cron_crate;
mod examples;
mod model;

use chrono::{DateTime, Utc};
use muster_domain::{
    engine::schedule::{CronExpression, Gap, Overlap, Schedule},
    zone::Zone,
};

fn schedule(cron: &str, zone: &str) -> Schedule {
    Schedule {
        cron: CronExpression::parse(cron).unwrap(),
        zone: Zone::parse(zone).unwrap(),
        gap: Gap::default(),
        overlap: Overlap::default(),
    }
}

fn utc(at: &str) -> DateTime<Utc> {
    at.parse().unwrap()
}
