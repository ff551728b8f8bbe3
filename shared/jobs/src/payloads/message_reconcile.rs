//! Payload of `message-reconcile`.

use muster_domain::ids::JobId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Settle the messages of this send job whose hand-over has no known outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageReconcile {
    /// The `send` job that handed them over.
    pub send_job_id: JobId,
}

impl JobPayload for MessageReconcile {
    const KIND: JobKind = JobKind::MessageReconcile;
}
