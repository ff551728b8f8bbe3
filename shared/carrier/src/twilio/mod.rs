//! The adapter for the Twilio Messages API, and for everything that speaks it.

mod client;
mod signature;
mod webhook;

pub use client::{Credentials, Twilio};
pub use signature::{sign, verify};
pub use webhook::{InboundText, StatusUpdate, status_path};
