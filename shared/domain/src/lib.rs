//! The rules of a texting campaign, as functions of values.
//!
//! One file per noun of the rule book. Nothing here performs IO, reads a clock, draws a random number or knows of
//! async: times and random draws are arguments. What needs a database, a broker or a carrier lives elsewhere and
//! asks this crate what to do.

pub mod admission;
pub mod cap;
pub mod cell;
pub mod e164;
pub mod estimate;
pub mod file_name;
pub mod forecast;
pub mod goal;
pub mod headers;
pub mod hours;
pub mod ids;
pub mod inbound;
pub mod line;
pub mod message;
pub mod number_zones;
pub mod phone;
pub mod phone_hash;
pub mod postal_codes;
pub mod rate;
pub mod release;
pub mod retry;
pub mod role;
pub mod schedule;
pub mod segments;
pub mod sending;
pub mod state;
pub mod stated_opt_out;
pub mod stops;
pub mod targeting;
pub mod template;
pub mod traces;
pub mod turns;
pub mod visible;
pub mod whereabouts;
pub mod why;
pub mod word;
pub mod zone;
