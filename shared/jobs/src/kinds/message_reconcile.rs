//! `message-reconcile`: its payload and its policy.

use muster_domain::ids::JobId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Settle the messages of this send job that have a hand-over of unknown outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageReconcile {
    /// The `send` job that handed them over.
    pub send_job_id: JobId,
}

impl Job for MessageReconcile {
    const NAME: &'static str = "message-reconcile";
    type Mode = Leased;
    const POLICY: Policy = Policy { max_attempts: 12, share: Some(2), window: 64, ..Policy::SHORT };
}
