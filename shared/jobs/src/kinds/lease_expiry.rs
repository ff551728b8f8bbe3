//! `lease-expiry`: its payload and its policy.

use muster_domain::ids::BatchId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Return the rest of a batch with an expired lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeaseExpiry {
    /// The batch.
    pub batch_id: BatchId,
}

impl Job for LeaseExpiry {
    const NAME: &'static str = "lease-expiry";
    type Mode = Leased;
    // No share: one batch, in one short transaction.
    const POLICY: Policy = Policy { bundle: 50, ..Policy::SHORT };
}
