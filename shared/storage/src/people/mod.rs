//! Contacts, lookups of their carriers, redaction, and why somebody was or was not texted
//! (rules C1, C5, R1 to R6).

pub mod contacts;
pub mod edit;
pub mod lookups;
pub mod phone_keys;
pub mod redactions;
pub mod why;
