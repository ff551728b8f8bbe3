//! Payload of `redaction`.

use muster_domain::ids::RedactionId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Erase the person of this redaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// The redaction's ledger entry.
    pub redaction_id: RedactionId,
}

impl JobPayload for Redaction {
    const KIND: JobKind = JobKind::Redaction;
}
