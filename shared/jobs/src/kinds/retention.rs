//! `retention`: its payload and its policy.

use std::time::Duration;

use muster_domain::ids::OrganizationId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Take this organization's retention some slices further.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The organization.
    pub organization_id: OrganizationId,
}

impl Job for Retention {
    const NAME: &'static str = "retention";
    type Mode = Leased;
    // The first slice of a step looks through all contacts, or all texts.
    const POLICY: Policy = Policy { time_limit: Duration::from_hours(1), share: Some(1), ..Policy::LONG };

    fn unique_key(&self) -> Option<String> {
        Some(format!("retention:{}", self.organization_id))
    }
}
