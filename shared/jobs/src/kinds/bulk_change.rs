//! `bulk-change`: its payload and its policy.

use muster_domain::ids::BulkChangeId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Work through the next contacts of this bulk change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkChange {
    /// The bulk change.
    pub bulk_change_id: BulkChangeId,
}

impl Job for BulkChange {
    const NAME: &'static str = "bulk-change";
    type Mode = Leased;
    const POLICY: Policy = Policy { share: Some(1), ..Policy::LONG };

    fn unique_key(&self) -> Option<String> {
        Some(format!("bulk-change:{}", self.bulk_change_id))
    }
}
