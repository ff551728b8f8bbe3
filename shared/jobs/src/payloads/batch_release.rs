//! Payload of `batch-release`.

use muster_domain::ids::GoalId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Take the next step of this goal's release plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRelease {
    /// The goal.
    pub goal_id: GoalId,
}

impl JobPayload for BatchRelease {
    const KIND: JobKind = JobKind::BatchRelease;

    fn unique_key(&self) -> Option<String> {
        Some(format!("batch-release:{}", self.goal_id))
    }
}
