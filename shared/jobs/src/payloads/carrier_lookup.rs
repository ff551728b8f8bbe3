//! Payload of `carrier-lookup`.

use muster_domain::ids::{ContactId, GroupId};
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Look up who serves the numbers of a group's members, where nobody has done so lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarrierLookup {
    /// The group.
    pub group_id: GroupId,
    /// Members up to this one have had their turn; none at the start.
    #[serde(default)]
    pub after: Option<ContactId>,
}

impl JobPayload for CarrierLookup {
    const KIND: JobKind = JobKind::CarrierLookup;
}
