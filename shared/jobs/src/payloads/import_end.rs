//! Payload of `import-end`.

use muster_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Add up what became of this import, and tidy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportEnd {
    /// The import.
    pub import_id: ImportId,
}

impl JobPayload for ImportEnd {
    const KIND: JobKind = JobKind::ImportEnd;
}
