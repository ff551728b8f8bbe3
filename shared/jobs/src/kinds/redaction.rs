//! `redaction`: its payload and its policy.

use muster_domain::ids::RedactionId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Erase the person of this redaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// The redaction's ledger entry.
    pub redaction_id: RedactionId,
}

impl Job for Redaction {
    const NAME: &'static str = "redaction";
    type Mode = Leased;
    const POLICY: Policy = Policy { max_attempts: 5, window: 64, ..Policy::LONG };
}
