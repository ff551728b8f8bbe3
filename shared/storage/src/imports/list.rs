//! Imports as a list: their kind and outcome, without their progress, and the abandoned ones.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{GroupId, ImportId, OrganizationId},
    imports::ImportState,
};
use muster_jobs::JobKind;

use super::Counters;
use crate::{Page, Pool, Result, Tx, db::error::read_word};

/// An import of a list.
#[derive(Debug, Clone)]
pub struct ImportSummary {
    /// The import.
    pub id: ImportId,
    /// The group that its contacts join; none for a dry run that has none.
    pub group_id: Option<GroupId>,
    /// The file's name as uploaded.
    pub file_name: String,
    /// Report only (rule C12).
    pub dry_run: bool,
    /// Its state.
    pub state: ImportState,
    /// Why it failed.
    pub failure: Option<String>,
    /// The counters, once it is over.
    pub counters: Counters,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Imports that a list has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// Into these groups.
    pub groups: Option<&'a [GroupId]>,
}

/// Returns a page of an organization's imports, the newest first.
pub async fn page(
    pool: &Pool,
    organization_id: OrganizationId,
    filter: &Filter<'_>,
    page: Page<ImportId>,
) -> Result<Vec<ImportSummary>> {
    let groups: Option<Vec<_>> = filter.groups.map(|groups| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query!(
        "select id, group_id, file_name, dry_run, state, failure, rows_read, created, updated, unchanged, merged, rejected, created_at,
                finished_at
         from import
         where organization_id = $1 and ($2::uuid[] is null or group_id = any($2)) and ($3::uuid is null or id < $3)
         order by id desc limit $4",
        organization_id.0,
        groups.as_deref(),
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ImportSummary {
                id: ImportId(row.id),
                group_id: row.group_id.map(GroupId),
                file_name: row.file_name,
                dry_run: row.dry_run,
                state: read_word("import", &row.state)?,
                failure: row.failure,
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
        .collect()
}

/// An import that nobody works on any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abandoned {
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// The import.
    pub id: ImportId,
}

/// Imports that wait for work that nobody will do any more, because a job of theirs was given up,
/// oldest first.
pub async fn abandoned(tx: &mut Tx, limit: i64) -> Result<Vec<Abandoned>> {
    let steps = JobKind::ALL.into_iter().filter(|kind| kind.is_step_of_import());
    let steps: Vec<_> = steps.map(|kind| kind.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        "select i.organization_id, i.id from import i
         where i.state in ('waiting', 'running') and i.created_at < now() - interval '1 minute'
           and not exists (
               select from job j
               where j.state in ('pending', 'published', 'running')
                 and j.kind = any($2)
                 and j.payload ->> 'import_id' = i.id::text)
         order by i.id limit $1",
        limit,
        &steps,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Abandoned { organization_id: OrganizationId(row.organization_id), id: ImportId(row.id) })
        .collect())
}
