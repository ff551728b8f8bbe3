//! `import-end`: its payload and its policy.

use muster_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Add up the outcome of this import, and tidy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportEnd {
    /// The import.
    pub import_id: ImportId,
}

impl Job for ImportEnd {
    const NAME: &'static str = "import-end";
    type Mode = Leased;
    const POLICY: Policy = Policy::LONG;
    const STEP_OF_IMPORT: bool = true;
}
