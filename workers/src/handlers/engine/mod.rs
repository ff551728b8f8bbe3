//! The engine's own kinds: upkeep and a probe.

mod probe;
mod upkeep;
