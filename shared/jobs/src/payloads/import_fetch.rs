//! Payload of `import-fetch`.

use muster_domain::ids::ImportSourceId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Fetch this source's file, and import it if it has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportFetch {
    /// The source.
    pub source_id: ImportSourceId,
}

impl JobPayload for ImportFetch {
    const KIND: JobKind = JobKind::ImportFetch;
}
