//! Threads between a group and a contact, answers, and inbound texts (rules I1 to I6, W2, W3, W5).

pub mod agent_opt_outs;
pub mod agent_tags;
pub mod answers;
pub mod assign;
pub mod automations;
pub mod recipient;
pub mod threads;
pub mod webhooks;
