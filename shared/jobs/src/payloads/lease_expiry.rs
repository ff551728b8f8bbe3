//! Payload of `lease-expiry`.

use muster_domain::ids::BatchId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Return what is left of a batch whose lease ran out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseExpiry {
    /// The batch.
    pub batch_id: BatchId,
}

impl JobPayload for LeaseExpiry {
    const KIND: JobKind = JobKind::LeaseExpiry;
}
