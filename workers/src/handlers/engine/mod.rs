//! The engine's own kinds: acts on many jobs, upkeep and a probe.

mod job_act;
mod probe;
mod upkeep;
