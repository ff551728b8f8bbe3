//! Payload of `import-cut`.

use muster_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Look at this import's file and cut it into parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportCut {
    /// The import.
    pub import_id: ImportId,
}

impl JobPayload for ImportCut {
    const KIND: JobKind = JobKind::ImportCut;
}
