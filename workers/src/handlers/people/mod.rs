//! People: looking their numbers up, and erasing them.

pub(crate) mod carrier_lookup;
mod name_merge;
mod redaction;
