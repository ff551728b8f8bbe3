//! Payload of `batch-partition`.

use muster_domain::ids::GoalId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Cut the targets of this goal into batches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchPartition {
    /// A launched goal.
    pub goal_id: GoalId,
}

impl JobPayload for BatchPartition {
    const KIND: JobKind = JobKind::BatchPartition;
}
