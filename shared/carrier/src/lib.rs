//! Carriers: the gateway that texts go through, its adapters, and the meanings of carriers' codes.
//!
//! A gateway never decides whether a text may go, and never retries: it hands over once and tells
//! precisely its knowledge of the outcome (rule S2).

pub mod codes;
mod gateway;
mod spans;
pub mod twilio;

pub use gateway::{Answer, CarrierCopy, Gateway, OutboundText, Outcome, Permit, Unreachable};
