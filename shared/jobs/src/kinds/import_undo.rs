//! `import-undo`: its payload and its policy.

use muster_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Take this import back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportUndo {
    /// The import.
    pub import_id: ImportId,
}

impl Job for ImportUndo {
    const NAME: &'static str = "import-undo";
    type Mode = Leased;
    const POLICY: Policy = Policy { share: Some(1), ..Policy::LONG };
}
