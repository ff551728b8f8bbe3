//! Inbound texts: what they ask for, and the latest word of a contact.

pub mod inbound;
pub mod word;
