//! `import-cut`: its payload and its policy.

use std::time::Duration;

use muster_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Look at this import's file and cut it into parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportCut {
    /// The import.
    pub import_id: ImportId,
}

impl Job for ImportCut {
    const NAME: &'static str = "import-cut";
    type Mode = Leased;
    const POLICY: Policy = Policy { time_limit: Duration::from_hours(2), share: Some(1), ..Policy::LONG };
    const STEP_OF_IMPORT: bool = true;
}
