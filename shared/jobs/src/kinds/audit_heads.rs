//! `audit-heads`: its payload and its policy.

use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Publish the heads of the audit's chains that have moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditHeads {}

impl Job for AuditHeads {
    const NAME: &'static str = "audit-heads";
    type Mode = Leased;
    const POLICY: Policy = Policy { share: Some(1), ..Policy::LONG };

    fn unique_key(&self) -> Option<String> {
        Some(Self::NAME.to_owned())
    }
}
