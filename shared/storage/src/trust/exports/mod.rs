//! Exports (rule E1): an organization's records as a file in the object store.
//!
//! A worker that begins an export gets the number of its attempt, under which it writes the file.
//! All later writes name the attempt: a worker that stood still while another began, or while a
//! redaction asked for another file, ends nothing. Records come from one statement (`rows`), so
//! that a file has those of one instant. The file is downloaded by links (`links`).

mod links;
mod rows;
mod sweep;

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ExportId, GroupId, MemberId, OrganizationId},
    tenancy::role::Role,
    trust::export::{Chosen, ExportCommand, ExportFailure, ExportFormat, ExportKind, ExportState, FileEnd},
};
use serde_json::Value;

pub use links::{Link, NewLink, Opened, Opening, add_link, find_by_secret, links, record_opening};
pub use rows::{Piece, Values, copy, expected};
pub use sweep::{Leftover, age, end_abandoned, end_for_contacts, end_for_redaction, leftovers, removed};

use crate::{Db, Page, Pool, Result, Tx, db::error::read_word};

/// An export to be made.
#[derive(Debug)]
pub struct NewExport<'a> {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The admin that asks.
    pub created_by: MemberId,
    /// Its records.
    pub kind: ExportKind,
    /// The form of its file.
    pub format: ExportFormat,
    /// Whether the file is packed.
    pub gzip: bool,
    /// Names of its columns; none for all of the kind.
    pub columns: &'a [String],
    /// The filter of the kind's list.
    pub filter: &'a Value,
    /// The groups of an admin of groups.
    pub readers: Option<&'a [GroupId]>,
}

/// An export.
#[derive(Debug, Clone)]
pub struct Export {
    /// The export.
    pub id: ExportId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The admin that asked.
    pub created_by: MemberId,
    /// Its records.
    pub kind: ExportKind,
    /// The form of its file.
    pub format: ExportFormat,
    /// Whether the file is packed.
    pub gzip: bool,
    /// Names of its columns, as a redaction may have left them.
    pub columns: Vec<String>,
    /// The filter, as a redaction may have left it.
    pub filter: Value,
    /// The groups of the admin of groups that asked.
    pub readers: Option<Vec<GroupId>>,
    /// How far it is.
    pub state: ExportState,
    /// Why it could not go on.
    pub failure: Option<ExportFailure>,
    /// The number of its attempt.
    pub attempt: i32,
    /// About how many records there will be, once it is begun.
    pub rows_expected: Option<i64>,
    /// Records so far.
    pub rows: i64,
    /// Bytes so far, before they are packed.
    pub bytes: i64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When its last attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
    /// How long its file is kept.
    pub file_until: Option<DateTime<Utc>>,
    /// When its file ended.
    pub file_ended_at: Option<DateTime<Utc>>,
    /// Why its file ended.
    pub file_end: Option<FileEnd>,
}

impl Export {
    /// Returns its columns.
    pub fn chosen(&self) -> Vec<Chosen> {
        // Only columns of a redacted name, which are told twice, are none.
        Chosen::read(self.kind, &self.columns).unwrap_or_default()
    }

    /// Returns the least role that may have its file (rule A5): acts of the whole account are for
    /// account admins, acts and a person's everything for admins of the organization.
    pub fn least_role(&self) -> Role {
        match self.kind {
            ExportKind::Audit if self.filter.get("account").is_some() => Role::AccountAdmin,
            ExportKind::Audit | ExportKind::AccessRequest => Role::OrganizationAdmin,
            ExportKind::Contacts
            | ExportKind::Conversations
            | ExportKind::GoalResults
            | ExportKind::CampaignResults
            | ExportKind::OptOuts => Role::GroupAdmin,
        }
    }

    /// Returns the key of its attempt's file.
    pub fn object_key(&self) -> String {
        format!("{}/{}", folder(self.organization_id, self.id), self.attempt)
    }

    /// Returns whether its file is there at an instant.
    pub fn has_file(&self, at: DateTime<Utc>) -> bool {
        self.state == ExportState::Succeeded
            && self.file_end.is_none()
            && self.file_until.is_some_and(|until| at < until)
    }
}

/// Returns the folder of an export's files in the object store.
pub fn folder(organization_id: OrganizationId, id: ExportId) -> String {
    format!("exports/{organization_id}/{id}")
}

/// Returns how many exports of an organization, access requests among them, are not over. Requests
/// at the same time wait for one another.
pub async fn open(tx: &mut Tx, organization_id: OrganizationId) -> Result<i64> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", format!("exports {organization_id}"))
        .execute(tx.conn())
        .await?;
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "open!" from export where organization_id = $1 and state in ('waiting', 'running')"#,
        organization_id.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Creates an export.
pub async fn create(tx: &mut Tx, id: ExportId, new: &NewExport<'_>) -> Result<()> {
    let readers: Option<Vec<_>> = new.readers.map(|groups| groups.iter().map(|id| id.0).collect());
    sqlx::query!(
        "insert into export (id, organization_id, created_by, kind, format, gzip, columns, filter, readers) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id.0,
        new.organization_id.0,
        new.created_by.0,
        new.kind.as_str(),
        new.format.as_str(),
        new.gzip,
        new.columns,
        new.filter,
        readers.as_deref(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Exports that a list has; each member narrows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Asked for by this admin.
    pub created_by: Option<MemberId>,
    /// This one alone.
    pub id: Option<ExportId>,
    /// Of these kinds.
    pub kinds: Option<&'static [ExportKind]>,
    /// Without those with acts of the whole account.
    pub without_account_acts: bool,
}

/// Returns a page of an organization's exports, the youngest first.
pub async fn page(
    db: impl Into<Db<'_>>,
    organization_id: OrganizationId,
    filter: Filter,
    page: Page<ExportId>,
) -> Result<Vec<Export>> {
    let kinds: Option<Vec<_>> = filter.kinds.map(|kinds| kinds.iter().map(|kind| kind.as_str().to_owned()).collect());
    let rows = sqlx::query!(
        "select id, organization_id, created_by, kind, format, gzip, columns, filter, readers, state, failure, attempt, rows_expected, rows, bytes,
                created_at, started_at, finished_at, file_until, file_ended_at, file_end
         from export
         where organization_id = $1 and ($2::uuid is null or created_by = $2) and ($3::uuid is null or id = $3)
           and ($4::uuid is null or id < $4) and ($6::text[] is null or kind = any($6))
           and (not $7 or not (kind = 'audit' and filter ? 'account'))
         order by id desc limit $5",
        organization_id.0,
        filter.created_by.map(|id| id.0),
        filter.id.map(|id| id.0),
        page.after.map(|id| id.0),
        page.limit,
        kinds.as_deref(),
        filter.without_account_acts,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Export {
                id: ExportId(row.id),
                organization_id: OrganizationId(row.organization_id),
                created_by: MemberId(row.created_by),
                kind: read_word("export", &row.kind)?,
                format: read_word("export", &row.format)?,
                gzip: row.gzip,
                columns: row.columns,
                filter: row.filter,
                readers: row.readers.map(|groups| groups.into_iter().map(GroupId).collect()),
                state: read_word("export", &row.state)?,
                failure: row.failure.map(|word| read_word("export", &word)).transpose()?,
                attempt: row.attempt,
                rows_expected: row.rows_expected,
                rows: row.rows,
                bytes: row.bytes,
                created_at: row.created_at,
                started_at: row.started_at,
                finished_at: row.finished_at,
                file_until: row.file_until,
                file_ended_at: row.file_ended_at,
                file_end: row.file_end.map(|word| read_word("export", &word)).transpose()?,
            })
        })
        .collect()
}

/// Returns an export of this organization.
pub async fn get(db: impl Into<Db<'_>>, organization_id: OrganizationId, id: ExportId) -> Result<Option<Export>> {
    let filter = Filter { id: Some(id), ..Filter::default() };
    Ok(page(db, organization_id, filter, Page::first(1)).await?.pop())
}

/// Locks an export of an organization, and returns it.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, id: ExportId) -> Result<Option<Export>> {
    sqlx::query!(
        "select from export where id = $1 and organization_id = $2 for no key update",
        id.0,
        organization_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    get(tx, organization_id, id).await
}

/// Begins an attempt at a locked export, and returns it as it is then; none when it is over.
pub async fn begin(tx: &mut Tx, export: &Export) -> Result<Option<Export>> {
    let Some(state) = export.state.after(ExportCommand::Begin) else { return Ok(None) };
    sqlx::query!(
        "update export set state = $2, attempt = attempt + 1, started_at = clock_timestamp(), rows = 0, bytes = 0, rows_expected = null
         where id = $1",
        export.id.0,
        state.as_str(),
    )
    .execute(tx.conn())
    .await?;
    get(tx, export.organization_id, export.id).await
}

/// The progress of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Records so far.
    pub rows: i64,
    /// Bytes so far, before they are packed.
    pub bytes: i64,
    /// About how many records there will be.
    pub expected: Option<i64>,
}

/// Notes how far an attempt is; false when it is wanted no more: the export is over, or another
/// attempt has begun.
pub async fn record_progress(pool: &Pool, id: ExportId, attempt: i32, progress: Progress) -> Result<bool> {
    let noted = sqlx::query!(
        "update export set rows = $3, bytes = $4, rows_expected = $5 where id = $1 and attempt = $2 and state = 'running'",
        id.0,
        attempt,
        progress.rows,
        progress.bytes,
        progress.expected,
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Ends a locked export with its attempt's file, which is kept for so many days; false when the
/// export is over, or another attempt is wanted.
pub async fn finish(tx: &mut Tx, export: &Export, attempt: i32, progress: Progress, days: i32) -> Result<bool> {
    let Some(state) = export.state.after(ExportCommand::Finish).filter(|_| export.attempt == attempt) else {
        return Ok(false);
    };
    sqlx::query!(
        "update export set state = $2, rows = $3, bytes = $4, finished_at = clock_timestamp(),
             file_until = clock_timestamp() + make_interval(days => $5), rows_expected = coalesce($6, rows_expected)
         where id = $1",
        export.id.0,
        state.as_str(),
        progress.rows,
        progress.bytes,
        days,
        progress.expected,
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// Ends a locked export without a file; false when it is over already.
pub async fn end(tx: &mut Tx, export: &Export, command: ExportCommand, failure: Option<ExportFailure>) -> Result<bool> {
    let without_file = |state: &ExportState| state.is_over() && *state != ExportState::Succeeded;
    let Some(state) = export.state.after(command).filter(without_file) else { return Ok(false) };
    sqlx::query!(
        "update export set state = $2, failure = $3, finished_at = clock_timestamp() where id = $1",
        export.id.0,
        state.as_str(),
        failure.map(ExportFailure::as_str),
    )
    .execute(tx.conn())
    .await?;
    Ok(true)
}
