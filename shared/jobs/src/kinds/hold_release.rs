//! `hold-release`: its payload and its policy.

use muster_domain::ids::GroupId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Queue this group's held messages that can go now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRelease {
    /// The group.
    pub group_id: GroupId,
}

impl Job for HoldRelease {
    const NAME: &'static str = "hold-release";
    type Mode = Leased;
    // A round of held messages may touch thousands of rows, and wait for locks of others.
    const POLICY: Policy = Policy { share: Some(4), ..Policy::SHORT };

    fn unique_key(&self) -> Option<String> {
        Some(format!("hold-release:{}", self.group_id))
    }
}
