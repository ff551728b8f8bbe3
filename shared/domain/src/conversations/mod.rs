//! Inbound texts: their requests, and the latest word of a contact. Threads.

pub mod agent_opt_out;
pub mod inbound;
pub mod outcome;
pub mod thread;
pub mod word;
