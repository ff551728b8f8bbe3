//! The adapter for the Twilio Messages and Lookup APIs, and for everything that speaks it.

mod client;
mod lookups;
mod signature;
mod webhook;

pub use client::{ClientError, Credentials, Twilio};
pub use lookups::{LookupError, Lookups};
pub use signature::{sign, verify};
pub use webhook::{InboundText, StatusUpdate, status_path};
