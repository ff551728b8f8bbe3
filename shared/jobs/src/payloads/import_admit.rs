//! Payload of `import-admit`.

use muster_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Find out how many of this import's people there is room for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportAdmit {
    /// The import.
    pub import_id: ImportId,
}

impl JobPayload for ImportAdmit {
    const KIND: JobKind = JobKind::ImportAdmit;
}
