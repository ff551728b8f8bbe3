//! `import-admit`: its payload and its policy.

use muster_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Find out how many of this import's people there is room for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportAdmit {
    /// The import.
    pub import_id: ImportId,
}

impl Job for ImportAdmit {
    const NAME: &'static str = "import-admit";
    type Mode = Leased;
    const POLICY: Policy = Policy { share: Some(1), ..Policy::LONG };
    const STEP_OF_IMPORT: bool = true;
}
