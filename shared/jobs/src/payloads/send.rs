//! Payload of `send`.

use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Hand over the messages that name this job; which they are is in their rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Send {}

impl Send {
    /// Messages that one job hands over at most.
    pub const MAX_MESSAGES: usize = 100;
}

impl JobPayload for Send {
    const KIND: JobKind = JobKind::Send;
}
