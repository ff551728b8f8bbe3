//! Payload of `import-apply`.

use muster_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Apply this shard of an import's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportApply {
    /// The import.
    pub import_id: ImportId,
    /// The shard, from 0.
    pub shard: u32,
}

impl JobPayload for ImportApply {
    const KIND: JobKind = JobKind::ImportApply;
}
