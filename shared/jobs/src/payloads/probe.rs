//! Payload of `probe`.

use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Do nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {}

impl JobPayload for Probe {
    const KIND: JobKind = JobKind::Probe;
}
