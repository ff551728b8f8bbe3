//! Inbound texts: their requests, the latest word of a contact, and automations. Threads.

pub mod agent_opt_out;
pub mod automation;
pub mod inbound;
pub mod outcome;
pub mod thread;
pub mod word;
