//! `import-apply`: its payload and its policy.

use muster_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Apply this shard of an import's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportApply {
    /// The import.
    pub import_id: ImportId,
    /// The shard, from 0.
    pub shard: u32,
}

impl Job for ImportApply {
    const NAME: &'static str = "import-apply";
    type Mode = Leased;
    const POLICY: Policy = Policy::LONG;
    const STEP_OF_IMPORT: bool = true;
}
