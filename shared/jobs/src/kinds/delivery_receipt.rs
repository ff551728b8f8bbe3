//! `delivery-receipt`: its payload and its policy.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Apply the receipts of one shard that have not been applied yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryReceipt {
    /// Receipts are spread over [`DeliveryReceipt::SHARDS`] by message, so that one job applies
    /// many and several run side by side.
    pub shard: i16,
}

impl Job for DeliveryReceipt {
    const NAME: &'static str = "delivery-receipt";
    type Mode = Leased;
    // No share: a bounded number of receipts, in one short transaction.
    const POLICY: Policy = Policy::SHORT;
    const GATHERS: Duration = Duration::from_millis(300);

    fn unique_key(&self) -> Option<String> {
        Some(format!("delivery-receipt:{}", self.shard))
    }
}

impl DeliveryReceipt {
    /// How many shards there are.
    pub const SHARDS: i16 = 4;
}
