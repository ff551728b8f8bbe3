//! `batch-release`: its payload and its policy.

use muster_domain::ids::GoalId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Take the next step of this goal's release plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRelease {
    /// The goal.
    pub goal_id: GoalId,
}

impl Job for BatchRelease {
    const NAME: &'static str = "batch-release";
    type Mode = Leased;
    // A step of a goal may touch thousands of rows, and wait for locks of others.
    const POLICY: Policy = Policy { share: Some(4), ..Policy::SHORT };

    fn unique_key(&self) -> Option<String> {
        Some(format!("batch-release:{}", self.goal_id))
    }
}
