//! `export`: its payload and its policy.

use std::time::Duration;

use muster_domain::ids::ExportId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Write this export's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// The export.
    pub export_id: ExportId,
}

impl Job for Export {
    const NAME: &'static str = "export";
    type Mode = Leased;
    const POLICY: Policy = Policy { time_limit: Duration::from_hours(4), share: Some(1), ..Policy::LONG };

    fn unique_key(&self) -> Option<String> {
        Some(format!("export:{}", self.export_id))
    }
}
