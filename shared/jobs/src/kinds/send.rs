//! `send`: its payload and its policy.

use serde::{Deserialize, Serialize};

use crate::{Job, Policy, Together};

/// Hand over the messages that name this job; which they are is in their rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {}

impl Send {
    /// Messages that one job hands over at most.
    pub const MAX_MESSAGES: usize = 100;
}

impl Job for Send {
    const NAME: &'static str = "send";
    type Mode = Together;
    // Many at a time: a send is quick as long as its carrier is, and waits without using anything.
    const POLICY: Policy = Policy { bundle: 16, concurrency: 16, share: Some(64), window: 128, ..Policy::SHORT };
}
