//! Payload of `reminder-open`.

use muster_domain::ids::GoalId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Make reminder batches of those who said yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReminderOpen {
    /// The goal.
    pub goal_id: GoalId,
}

impl JobPayload for ReminderOpen {
    const KIND: JobKind = JobKind::ReminderOpen;

    fn unique_key(&self) -> Option<String> {
        Some(format!("reminder-open:{}", self.goal_id))
    }
}
