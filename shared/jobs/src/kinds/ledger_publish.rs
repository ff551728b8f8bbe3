//! `ledger-publish`: its payload and its policy.

use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Write redactions and opt-outs into the ledger in the object store, and a beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerPublish {}

impl Job for LedgerPublish {
    const NAME: &'static str = "ledger-publish";
    type Mode = Leased;
    const POLICY: Policy = Policy { share: Some(1), concurrency: 1, bundle: 1, ..Policy::SHORT };

    fn unique_key(&self) -> Option<String> {
        Some("ledger-publish".to_owned())
    }
}
