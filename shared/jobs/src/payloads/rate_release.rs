//! Payload of `rate-release`.

use muster_domain::ids::OrganizationId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Queue what of this organization's messages has its turn in the lanes that they wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateRelease {
    /// The organization.
    pub organization_id: OrganizationId,
}

impl JobPayload for RateRelease {
    const KIND: JobKind = JobKind::RateRelease;

    fn unique_key(&self) -> Option<String> {
        Some(format!("rate-release:{}", self.organization_id))
    }
}
