//! Payload of `batch-partition`.

use muster_domain::ids::GoalId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Cut the targets of this goal into batches; later, give those whom nobody has texted to the agents whom they are assigned to by now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchPartition {
    /// A launched goal.
    pub goal_id: GoalId,
}

impl JobPayload for BatchPartition {
    const KIND: JobKind = JobKind::BatchPartition;

    fn unique_key(&self) -> Option<String> {
        Some(format!("batch-partition:{}", self.goal_id))
    }
}
