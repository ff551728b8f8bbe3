//! `csv-ingestion`: its payload and its policy.

use muster_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Read this part of an import's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvIngestion {
    /// The import.
    pub import_id: ImportId,
    /// The part, from 0.
    pub part: u32,
}

impl Job for CsvIngestion {
    const NAME: &'static str = "csv-ingestion";
    type Mode = Leased;
    const POLICY: Policy = Policy::LONG;
    const STEP_OF_IMPORT: bool = true;
}
