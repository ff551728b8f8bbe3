//! The beginning of an import: a file that the object store has (rules C1, C11 and C13).

use std::collections::BTreeMap;

use muster_domain::ids::{GroupId, ImportId, ImportSourceId, MemberId, OrganizationId};
use muster_jobs::kinds::ImportCut;

use crate::{
    Result, Tx,
    engine::enqueue::{Origin, enqueue},
};

/// An import to be made.
#[derive(Debug, Clone)]
pub struct NewImport<'a> {
    /// The group that its contacts join; none for a dry run with a group that is not there yet.
    pub group_id: Option<GroupId>,
    /// Its uploader.
    pub created_by: MemberId,
    /// The file's name as uploaded.
    pub file_name: &'a str,
    /// Where the object store has it.
    pub object_key: &'a str,
    /// The file's size.
    pub size_bytes: i64,
    /// Its SHA-256.
    pub sha256: &'a [u8],
    /// About how many rows it has, if somebody can say.
    pub rows_expected: Option<i64>,
    /// The caller's mapping of headers to fields.
    pub mapping: &'a BTreeMap<String, String>,
    /// Tags for every contact.
    pub tags: &'a [String],
    /// Report only.
    pub dry_run: bool,
    /// The consent that the contacts gave.
    pub consent_text: Option<&'a str>,
    /// The source of its file.
    pub source_id: Option<ImportSourceId>,
}

/// Returns the key under which the object store has an import's file.
pub fn object_key(organization_id: OrganizationId, id: ImportId) -> String {
    format!("imports/{organization_id}/{id}")
}

/// Records a file that the object store has, and enqueues the job that looks at it.
pub async fn create(
    tx: &mut Tx,
    id: ImportId,
    organization_id: OrganizationId,
    new: &NewImport<'_>,
    origin: &Origin,
) -> Result<()> {
    sqlx::query!(
        "insert into import (id, organization_id, group_id, created_by, file_name, object_key, size_bytes, mapping, tags, dry_run,
             consent_text, source_id, sha256, rows_expected)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        id.0,
        organization_id.0,
        new.group_id.map(|id| id.0),
        new.created_by.0,
        new.file_name,
        new.object_key,
        new.size_bytes,
        serde_json::to_value(new.mapping)?,
        new.tags,
        new.dry_run,
        new.consent_text,
        new.source_id.map(|id| id.0),
        new.sha256,
        new.rows_expected,
    )
    .execute(tx.conn())
    .await?;
    enqueue(tx, &ImportCut { import_id: id }, origin).await?;
    Ok(())
}
