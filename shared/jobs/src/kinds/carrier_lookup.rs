//! `carrier-lookup`: its payload and its policy.

use muster_domain::ids::{ContactId, GroupId};
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Look up the carriers of the numbers of a group's members, unless they were looked up lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarrierLookup {
    /// The group.
    pub group_id: GroupId,
    /// Members up to this one have had their turn; none at the start.
    #[serde(default)]
    pub after: Option<ContactId>,
}

impl Job for CarrierLookup {
    const NAME: &'static str = "carrier-lookup";
    type Mode = Leased;
    // Attempts for hours of an API that is away.
    const POLICY: Policy = Policy { max_attempts: 40, ..Policy::LONG };
}
