//! `opt-out-sharing`: its payload and its policy.

use chrono::{DateTime, Utc};
use muster_domain::ids::{AccountId, ContactId, OrganizationId};
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Write opt-outs from before to the other organizations of an account that shares them from now
/// on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptOutSharing {
    /// The account.
    pub account_id: AccountId,
    /// Since when they hear each other; a job of another time has nothing to do any more.
    pub since: DateTime<Utc>,
    /// Opt-outs up to this place have had their turn; none at the start.
    #[serde(default)]
    pub after: Option<OptOutPlace>,
}

/// A place among an account's opt-outs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptOutPlace {
    /// The organization.
    pub organization_id: OrganizationId,
    /// Since when its last contact so far has opted out, and the contact.
    pub contact: Option<(DateTime<Utc>, ContactId)>,
}

impl Job for OptOutSharing {
    const NAME: &'static str = "opt-out-sharing";
    type Mode = Leased;
    const POLICY: Policy = Policy { share: Some(1), ..Policy::LONG };

    fn unique_key(&self) -> Option<String> {
        Some(format!("opt-out-sharing:{}:{}", self.account_id, self.since.timestamp_micros()))
    }
}
