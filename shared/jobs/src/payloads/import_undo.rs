//! Payload of `import-undo`.

use muster_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Take this import back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportUndo {
    /// The import.
    pub import_id: ImportId,
}

impl JobPayload for ImportUndo {
    const KIND: JobKind = JobKind::ImportUndo;
}
