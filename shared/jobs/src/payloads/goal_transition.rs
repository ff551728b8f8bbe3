//! Payload of `goal-transition`.

use muster_domain::ids::GoalId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Look at this goal's clock and do what is now right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalTransition {
    /// The goal.
    pub goal_id: GoalId,
}

impl JobPayload for GoalTransition {
    const KIND: JobKind = JobKind::GoalTransition;
}
