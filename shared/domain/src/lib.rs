//! The rules of a texting campaign, as functions of values.
//!
//! One file per noun of the rule book. Nothing here performs IO, reads a clock, draws a random
//! number or knows of async: times and random draws are arguments. Work that needs a database, a
//! broker or a carrier lives elsewhere and asks this crate for decisions.

pub mod cell;
pub mod conversations;
pub mod csv;
pub mod engine;
pub mod goals;
pub mod ids;
pub mod imports;
pub mod keyed;
pub mod people;
pub mod sending;
pub mod servers;
pub mod tenancy;
pub mod text_enum;
pub mod trust;
pub mod zone;
