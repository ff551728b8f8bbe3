//! `rate-release`: its payload and its policy.

use muster_domain::ids::OrganizationId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Queue the messages of this organization that have their turn in the lanes that they wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateRelease {
    /// The organization.
    pub organization_id: OrganizationId,
}

impl Job for RateRelease {
    const NAME: &'static str = "rate-release";
    type Mode = Leased;
    // A round of waiting messages may touch thousands of rows, and wait for locks of others.
    const POLICY: Policy = Policy { share: Some(4), ..Policy::SHORT };

    fn unique_key(&self) -> Option<String> {
        Some(format!("rate-release:{}", self.organization_id))
    }
}
