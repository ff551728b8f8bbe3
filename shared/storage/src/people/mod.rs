//! Contacts and their memberships, bulk changes, lookups of carriers, redaction, and why somebody
//! was or was not texted (rules C1, C5, C16, R1 to R6).

pub mod account_words;
pub mod bulk;
pub mod contacts;
pub mod edit;
pub mod fields;
mod find;
pub mod forms;
pub mod lookups;
pub mod memberships;
pub mod merges;
pub mod opt_outs;
pub mod phone_keys;
pub mod reasons;
pub mod redactions;
pub mod replay;
pub mod save;
pub mod sign_ups;
pub mod tags;
pub mod why;
