//! People: looking their numbers up, and erasing them.

mod bulk_change;
pub(crate) mod carrier_lookup;
mod name_merge;
mod opt_out_sharing;
pub(crate) mod redacted_objects;
mod redaction;
