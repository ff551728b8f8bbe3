//! `batch-partition`: its payload and its policy.

use muster_domain::ids::GoalId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Cut the targets of this goal into batches; later, give contacts without a text to their present
/// agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchPartition {
    /// A launched goal.
    pub goal_id: GoalId,
}

impl Job for BatchPartition {
    const NAME: &'static str = "batch-partition";
    type Mode = Leased;
    const POLICY: Policy = Policy::LONG;

    fn unique_key(&self) -> Option<String> {
        Some(format!("batch-partition:{}", self.goal_id))
    }
}
