//! Imports: a file on its way into contacts, and what became of each row (rules C7 and C12).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::ids::{GroupId, ImportId, MemberId, OrganizationId};

use crate::{Pool, Result, Tx};

/// An import.
#[derive(Debug, Clone)]
pub struct Import {
    /// The import.
    pub id: ImportId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// The group that its contacts join.
    pub group_id: GroupId,
    /// The file's name as uploaded.
    pub file_name: String,
    /// Where the object store has it.
    pub object_key: String,
    /// The file's size.
    pub size_bytes: i64,
    /// The caller's mapping of headers to fields.
    pub mapping: BTreeMap<String, String>,
    /// Tags for every contact of the file (rule C8).
    pub tags: Vec<String>,
    /// Report only (rule C12).
    pub dry_run: bool,
    /// The consent that the contacts gave (rule C13).
    pub consent_text: Option<String>,
    /// `waiting`, `running`, `succeeded`, `failed` or `cancelled`.
    pub state: String,
    /// Somebody asked to cancel it.
    pub cancel_requested: bool,
    /// Why the file as a whole was refused (rule C15).
    pub failure: Option<String>,
    /// Bytes read so far.
    pub bytes_read: i64,
    /// The counters.
    pub counters: Counters,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Where the rows ended: every row in exactly one of the five (rule C7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Rows read from the file.
    pub rows_read: i64,
    /// New contacts.
    pub created: i64,
    /// Known contacts that the row changed, or that joined the group or got a tag by it.
    pub updated: i64,
    /// Known contacts that the row did not change.
    pub unchanged: i64,
    /// Rows for a phone that a later row has as well (rule C6).
    pub merged: i64,
    /// Rows that could not be read or applied; each is listed with its reason.
    pub rejected: i64,
}

/// An import to be made.
#[derive(Debug, Clone)]
pub struct NewImport<'a> {
    /// The group that its contacts join.
    pub group_id: GroupId,
    /// Who uploaded it.
    pub created_by: MemberId,
    /// The file's name as uploaded.
    pub file_name: &'a str,
    /// Where the object store has it.
    pub object_key: &'a str,
    /// The file's size.
    pub size_bytes: i64,
    /// The caller's mapping of headers to fields.
    pub mapping: &'a BTreeMap<String, String>,
    /// Tags for every contact.
    pub tags: &'a [String],
    /// Report only.
    pub dry_run: bool,
    /// The consent that the contacts gave.
    pub consent_text: Option<&'a str>,
}

/// Records an uploaded file.
pub async fn create(tx: &mut Tx, id: ImportId, organization_id: OrganizationId, new: &NewImport<'_>) -> Result<()> {
    sqlx::query!(
        "insert into import (id, organization_id, group_id, created_by, file_name, object_key, size_bytes, mapping, tags, dry_run,
             consent_text)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        id.0,
        organization_id.0,
        new.group_id.0,
        new.created_by.0,
        new.file_name,
        new.object_key,
        new.size_bytes,
        serde_json::to_value(new.mapping)?,
        new.tags,
        new.dry_run,
        new.consent_text,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An import of this organization.
pub async fn get(pool: &Pool, organization_id: OrganizationId, id: ImportId) -> Result<Option<Import>> {
    let row = sqlx::query!("select * from import where id = $1 and organization_id = $2", id.0, organization_id.0)
        .fetch_optional(&pool.0)
        .await?;
    row.map(|row| {
        Ok(Import {
            id,
            organization_id,
            group_id: GroupId(row.group_id),
            file_name: row.file_name,
            object_key: row.object_key,
            size_bytes: row.size_bytes,
            mapping: serde_json::from_value(row.mapping)?,
            tags: row.tags,
            dry_run: row.dry_run,
            consent_text: row.consent_text,
            state: row.state,
            cancel_requested: row.cancel_requested,
            failure: row.failure,
            bytes_read: row.bytes_read,
            counters: Counters {
                rows_read: row.rows_read,
                created: row.created,
                updated: row.updated,
                unchanged: row.unchanged,
                merged: row.merged,
                rejected: row.rejected,
            },
            created_at: row.created_at,
            finished_at: row.finished_at,
        })
    })
    .transpose()
}

/// Shows how far the reading has come; true when somebody has asked to cancel.
pub async fn progress(pool: &Pool, id: ImportId, bytes_read: i64, rows_read: i64) -> Result<bool> {
    let cancel = sqlx::query_scalar!(
        "update import set state = 'running', bytes_read = $2, rows_read = $3
         where id = $1 and state in ('waiting', 'running') returning cancel_requested",
        id.0,
        bytes_read,
        rows_read,
    )
    .fetch_optional(&pool.0)
    .await?;
    Ok(cancel.unwrap_or(false))
}

/// Asks for an import to be cancelled; false when it is over already.
pub async fn request_cancel(tx: &mut Tx, organization_id: OrganizationId, id: ImportId) -> Result<bool> {
    let done = sqlx::query!(
        "update import set cancel_requested = true
         where id = $1 and organization_id = $2 and state in ('waiting', 'running')",
        id.0,
        organization_id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How an import is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End<'a> {
    /// Every row is accounted for.
    Succeeded(Counters),
    /// The file as a whole was refused, for this reason; nothing was written.
    Failed(&'a str),
    /// Cancelled before anything was applied.
    Cancelled,
}

/// Ends an import, once; its effects are in the same transaction.
pub async fn finish(tx: &mut Tx, id: ImportId, end: &End<'_>) -> Result<()> {
    let (state, counters, failure) = match end {
        End::Succeeded(counters) => ("succeeded", *counters, None),
        End::Failed(why) => ("failed", Counters::default(), Some(*why)),
        End::Cancelled => ("cancelled", Counters::default(), None),
    };
    sqlx::query!(
        "update import set state = $2, failure = $3, rows_read = $4, created = $5, updated = $6, unchanged = $7, merged = $8,
             rejected = $9, bytes_read = case when $2 = 'succeeded' then size_bytes else bytes_read end, finished_at = now()
         where id = $1 and state in ('waiting', 'running')",
        id.0,
        state,
        failure,
        counters.rows_read,
        counters.created,
        counters.updated,
        counters.unchanged,
        counters.merged,
        counters.rejected,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A rejected row.
#[derive(Debug, Clone)]
pub struct Reject {
    /// Line of the file at which the row begins, from 1.
    pub line: i64,
    /// The stable word for why.
    pub reason: String,
    /// The column that it is about.
    pub column: Option<String>,
    /// The row as it was in the file.
    pub raw: String,
}

/// Rejects of an import after a line.
pub async fn rejects(pool: &Pool, id: ImportId, after_line: i64, limit: i64) -> Result<Vec<Reject>> {
    let rows = sqlx::query!(
        "select line, reason, column_name, raw from import_reject where import_id = $1 and line > $2 order by line limit $3",
        id.0,
        after_line,
        limit,
    )
    .fetch_all(&pool.0)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Reject { line: row.line, reason: row.reason, column: row.column_name, raw: row.raw })
        .collect())
}

/// Rejects counted by reason.
pub async fn reject_reasons(pool: &Pool, id: ImportId) -> Result<BTreeMap<String, i64>> {
    let rows = sqlx::query!(
        r#"select reason, count(*) as "rows!" from import_reject where import_id = $1 group by reason"#,
        id.0
    )
    .fetch_all(&pool.0)
    .await?;
    Ok(rows.into_iter().map(|row| (row.reason, row.rows)).collect())
}
