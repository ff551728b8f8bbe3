//! `reminder-open`: its payload and its policy.

use muster_domain::ids::GoalId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Make reminder batches of contacts with a yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReminderOpen {
    /// The goal.
    pub goal_id: GoalId,
}

impl Job for ReminderOpen {
    const NAME: &'static str = "reminder-open";
    type Mode = Leased;
    const POLICY: Policy = Policy { share: Some(2), window: 64, ..Policy::SHORT };

    fn unique_key(&self) -> Option<String> {
        Some(format!("reminder-open:{}", self.goal_id))
    }
}
