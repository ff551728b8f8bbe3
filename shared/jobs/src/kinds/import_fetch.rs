//! `import-fetch`: its payload and its policy.

use std::time::Duration;

use muster_domain::ids::ImportSourceId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Fetch this source's file, and import it if it has changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportFetch {
    /// The source.
    pub source_id: ImportSourceId,
}

impl Job for ImportFetch {
    const NAME: &'static str = "import-fetch";
    type Mode = Leased;
    const POLICY: Policy = Policy { time_limit: Duration::from_hours(2), ..Policy::LONG };
}
