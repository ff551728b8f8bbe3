//! `goal-transition`: its payload and its policy.

use muster_domain::ids::GoalId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Look at this goal's clock and take the steps that are now right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalTransition {
    /// The goal.
    pub goal_id: GoalId,
}

impl Job for GoalTransition {
    const NAME: &'static str = "goal-transition";
    type Mode = Leased;
    // A step of a goal may touch thousands of rows, and wait for locks of others.
    const POLICY: Policy = Policy { share: Some(4), ..Policy::SHORT };
}
