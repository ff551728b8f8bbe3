//! Inbound texts: their requests, and the latest word of a contact.

pub mod inbound;
pub mod outcome;
pub mod word;
