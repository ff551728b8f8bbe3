//! Payload of `csv-ingestion`.

use muster_domain::ids::ImportId;
use serde::{Deserialize, Serialize};

use super::JobPayload;
use crate::JobKind;

/// Read this part of an import's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvIngestion {
    /// The import.
    pub import_id: ImportId,
    /// The part, from 0.
    pub part: u32,
}

impl JobPayload for CsvIngestion {
    const KIND: JobKind = JobKind::CsvIngestion;
}
