//! `probe`: its payload and its policy.

use serde::{Deserialize, Serialize};

use crate::{InTransaction, Job, Policy};

/// Do nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {}

impl Job for Probe {
    const NAME: &'static str = "probe";
    type Mode = InTransaction;
    // No share: it does nothing.
    const POLICY: Policy = Policy { bundle: 100, window: 1_600, ..Policy::SHORT };
}
