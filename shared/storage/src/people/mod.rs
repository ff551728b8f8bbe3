//! Contacts, lookups of their carriers, redaction, and why somebody was or was not texted
//! (rules C1, C5, R1 to R6).

pub mod contacts;
pub mod edit;
pub mod fields;
pub mod forms;
pub mod lookups;
pub mod merges;
pub mod opt_outs;
pub mod phone_keys;
pub mod reasons;
pub mod redactions;
pub mod tags;
pub mod why;
