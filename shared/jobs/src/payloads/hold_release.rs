//! Payload of `hold-release`.

use muster_domain::ids::GroupId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Queue this group's held messages that can go now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRelease {
    /// The group.
    pub group_id: GroupId,
}

impl JobPayload for HoldRelease {
    const KIND: JobKind = JobKind::HoldRelease;

    fn unique_key(&self) -> Option<String> {
        Some(format!("hold-release:{}", self.group_id))
    }
}
