//! Imports: a file on its way into contacts, and the outcome of each row (rules C7 and C12).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{GroupId, ImportId, OrganizationId},
    imports::{Compression, FileEncoding, ImportState},
};

use crate::{Pool, Result, Tx, db::error::read_word, trust::audit::Draft};

/// An import.
#[derive(Debug, Clone)]
pub struct Import {
    /// The import.
    pub id: ImportId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// The group that its contacts join; none for a dry run that would have to make the group first
    /// (rules C11 and C12).
    pub group_id: Option<GroupId>,
    /// The file's name as uploaded.
    pub file_name: String,
    /// Where the object store has it.
    pub object_key: String,
    /// Where the object store has it as UTF-8 text; none when that is the file itself.
    pub text_key: Option<String>,
    /// The file's size.
    pub size_bytes: i64,
    /// Its SHA-256.
    pub sha256: Option<Vec<u8>>,
    /// The caller's mapping of headers to fields.
    pub mapping: BTreeMap<String, String>,
    /// Tags for every contact of the file (rule C8).
    pub tags: Vec<String>,
    /// Locked ones of them and of its rows, which were not given.
    pub locked_tags: Vec<String>,
    /// Report only (rule C12).
    pub dry_run: bool,
    /// The consent that the contacts gave (rule C13).
    pub consent_text: Option<String>,
    /// Its state.
    pub state: ImportState,
    /// Somebody asked to cancel it.
    pub cancel_requested: bool,
    /// Why the file as a whole was refused (rule C15).
    pub failure: Option<String>,
    /// The compression of the file, if it has one, once somebody has looked.
    pub compression: Option<Compression>,
    /// The encoding of the file's characters, once somebody has looked.
    pub encoding: Option<FileEncoding>,
    /// The character between its fields.
    pub delimiter: Option<char>,
    /// Its header, as the reader wrote it down.
    pub header: Option<serde_json::Value>,
    /// Into how many shards its rows go.
    pub shards: u32,
    /// How far it is.
    pub progress: Progress,
    /// About how many rows its file has, once somebody can say.
    pub rows_expected: Option<i64>,
    /// The counters.
    pub counters: Counters,
    /// Rejects of reading that are kept.
    pub rejects_kept: i64,
    /// About how many bytes they take.
    pub rejects_kept_bytes: i64,
    /// Rejects of applying that are kept.
    pub applied_rejects_kept: i64,
    /// When the rejects that were kept were forgotten.
    pub rejects_forgotten_at: Option<DateTime<Utc>>,
    /// People with an opt-out stated in the file (rule C17), as far as its rows were applied.
    pub opted_out: i64,
    /// Rows that were read with a doubt (rules C4 and C17).
    pub warnings: i64,
    /// The lines on which the first ten of these begin.
    pub warning_lines: Vec<i64>,
    /// When it was uploaded.
    pub created_at: DateTime<Utc>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
    /// When it was undone.
    pub undone_at: Option<DateTime<Utc>>,
    /// The outcome for its contacts when it was undone.
    pub undone: Option<serde_json::Value>,
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

/// How far an import is: first its file is cut into parts, then these are read, then the shards of
/// its rows are applied.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// Bytes of the file as uploaded.
    pub size: i64,
    /// Bytes of it that were looked at to cut it.
    pub bytes_cut: i64,
    /// Parts of the file; none before it was cut.
    pub parts: i64,
    /// Parts that were read.
    pub parts_read: i64,
    /// Shards of its rows.
    pub shards: i64,
    /// Shards that were applied.
    pub shards_applied: i64,
    /// Bytes of the file's text, once it was cut.
    pub bytes: i64,
    /// Bytes of it that were read.
    pub bytes_read: i64,
    /// Seconds since somebody began to look at it, until it was over.
    pub seconds: f64,
}

/// The parts of an import's time that go into cutting and reading; applying takes the rest.
const CUTTING_SHARE: f64 = 0.05;
const READING_SHARE: f64 = 0.25;

impl Progress {
    /// Rows that were read in a second.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn rate(&self, rows_read: i64) -> f64 {
        if self.seconds > 0.0 { rows_read as f64 / self.seconds } else { 0.0 }
    }

    /// Seconds that it may still take, by the part that is done; none before there is something to
    /// go by.
    #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
    pub fn seconds_left(&self) -> Option<f64> {
        let part = |done: i64, of: i64| if of > 0 { done as f64 / of as f64 } else { 0.0 };
        let done = CUTTING_SHARE * part(self.bytes_cut, self.size)
            + READING_SHARE * part(self.bytes_read, self.bytes)
            + (1.0 - CUTTING_SHARE - READING_SHARE) * part(self.shards_applied, self.shards);
        (done > 0.0).then(|| self.seconds * (1.0 - done) / done)
    }
}

/// Returns an import of this organization, with the counters as they are by now.
pub async fn get(pool: &Pool, organization_id: OrganizationId, id: ImportId) -> Result<Option<Import>> {
    let row = sqlx::query!(
        r#"select i.*, p.bytes as "bytes!", p.bytes_done as "bytes_done!", p.rows_done as "rows_done!", p.parts as "parts!",
                  p.warnings as "warnings!",
                  array(select unnest(warning_lines) from import_part where import_id = i.id order by 1 limit 10) as "warning_lines!",
                  s.kept as "applied_kept!", s.opted_out as "opted_out!",
                  extract(epoch from coalesce(i.finished_at, clock_timestamp()) - coalesce(i.started_at, i.created_at))::float8 as "seconds!"
           from import i cross join lateral (
               select coalesce(sum(bytes), 0)::bigint as bytes, coalesce(sum(bytes) filter (where rows_read is not null), 0)::bigint as bytes_done,
                      coalesce(sum(rows_read), 0)::bigint as rows_done, coalesce(sum(warnings), 0)::bigint as warnings, count(*) as parts
               from import_part where import_id = i.id
           ) p cross join lateral (
               select coalesce(sum(rejects_kept), 0)::bigint as kept, coalesce(sum(opted_out), 0)::bigint as opted_out
               from import_shard where import_id = i.id
           ) s
           where i.id = $1 and i.organization_id = $2"#,
        id.0,
        organization_id.0
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?;
    row.map(|row| {
        let state: ImportState = read_word("import", &row.state)?;
        Ok(Import {
            id,
            organization_id,
            group_id: row.group_id.map(GroupId),
            file_name: row.file_name,
            object_key: row.object_key,
            text_key: row.text_key,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            mapping: serde_json::from_value(row.mapping)?,
            tags: row.tags,
            locked_tags: row.locked_tags,
            dry_run: row.dry_run,
            consent_text: row.consent_text,
            state,
            cancel_requested: row.cancel_requested,
            failure: row.failure,
            compression: row.compression.map(|word| read_word("import", &word)).transpose()?,
            encoding: row.encoding.map(|word| read_word("import", &word)).transpose()?,
            delimiter: row.delimiter.and_then(|text| text.chars().next()),
            header: row.header,
            shards: row.shards.unwrap_or_default().unsigned_abs(),
            rows_expected: row.rows_expected,
            progress: Progress {
                size: row.size_bytes,
                bytes_cut: row.bytes_cut.unwrap_or_default(),
                parts: row.parts,
                parts_read: row.parts - i64::from(row.parts_left.unwrap_or_default()),
                shards: i64::from(row.shards.unwrap_or_default()),
                shards_applied: i64::from(row.shards.unwrap_or_default() - row.shards_left.unwrap_or_default()),
                bytes: row.bytes,
                bytes_read: row.bytes_done,
                seconds: row.seconds,
            },
            counters: Counters {
                rows_read: if state.is_over() { row.rows_read } else { row.rows_done },
                created: row.created,
                updated: row.updated,
                unchanged: row.unchanged,
                merged: row.merged,
                rejected: row.rejected,
            },
            rejects_kept: row.rejects_kept,
            rejects_kept_bytes: row.rejects_kept_bytes,
            applied_rejects_kept: row.applied_kept,
            rejects_forgotten_at: row.rejects_forgotten_at,
            opted_out: row.opted_out,
            warnings: row.warnings,
            warning_lines: row.warning_lines,
            created_at: row.created_at,
            finished_at: row.finished_at,
            undone_at: row.undone_at,
            undone: row.undone,
        })
    })
    .transpose()
}

/// Records how much of a file was looked at to cut it; returns whether somebody asked to cancel the
/// import.
pub async fn record_cutting(pool: &Pool, id: ImportId, bytes: i64) -> Result<bool> {
    let cancelled = sqlx::query_scalar!(
        "update import set bytes_cut = $2, started_at = coalesce(started_at, clock_timestamp())
         where id = $1 and state = 'waiting' returning cancel_requested",
        id.0,
        bytes,
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?;
    Ok(cancelled.unwrap_or_default())
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End<'a> {
    /// Every row is accounted for.
    Succeeded,
    /// The file as a whole was refused, or the import could not go on, for this reason. Of a
    /// refused file nothing was written.
    Failed(&'a str),
    /// Cancelled; rows that were applied before stay and are reported.
    Cancelled,
}

/// Ends an import, once: its counters become the sums over its parts and shards (rule C7), and its
/// places are given back.
pub async fn finish(tx: &mut Tx, id: ImportId, end: End<'_>) -> Result<()> {
    let (state, failure) = match end {
        End::Succeeded => (ImportState::Succeeded, None),
        End::Failed(why) => (ImportState::Failed, Some(why)),
        End::Cancelled => (ImportState::Cancelled, None),
    };
    if matches!(end, End::Failed(_)) {
        sqlx::query!(
            "delete from import_reject where import_id = $1 and not exists (select from import_shard where import_id = $1)
                 and exists (select from import where id = $1 and state in ('waiting', 'running'))",
            id.0
        )
        .execute(tx.conn())
        .await?;
    }
    let ended = sqlx::query!(
        "with part as (
             -- A file that is refused before anything of it was applied has no rows to report.
             select case when $2 <> 'failed' or exists (select from import_shard where import_id = $1)
                        then coalesce(sum(rejected), 0)::bigint else 0 end as rejected,
                    -- Whether these rows' later ones were applied is only known when all were.
                    case when $2 = 'succeeded' then coalesce(sum(merged), 0)::bigint else 0 end as merged
             from import_part where import_id = $1
         ), shard as (
             select coalesce(sum(created), 0)::bigint as created, coalesce(sum(updated), 0)::bigint as updated,
                    coalesce(sum(unchanged), 0)::bigint as unchanged, coalesce(sum(merged), 0)::bigint as merged,
                    coalesce(sum(rejected), 0)::bigint as rejected
             from import_shard where import_id = $1
         )
         update import i
         set state = $2, failure = $3, created = s.created, updated = s.updated, unchanged = s.unchanged, merged = p.merged + s.merged,
             rejected = p.rejected + s.rejected,
             rows_read = s.created + s.updated + s.unchanged + p.merged + s.merged + p.rejected + s.rejected,
             finished_at = now(), places_left = 0,
             rejects_kept = case when $2 = 'failed' and p.rejected = 0 then 0 else i.rejects_kept end
         from part p, shard s
         where i.id = $1 and i.state in ('waiting', 'running')
         returning i.organization_id, i.created_by",
        id.0,
        state.as_str(),
        failure,
    )
    .fetch_optional(tx.conn())
    .await?;
    if let Some(ended) = ended {
        // Words of the rows that no step reads any more.
        sqlx::query!("update import_part set tags = null where import_id = $1 and tags is not null", id.0)
            .execute(tx.conn())
            .await?;
        sqlx::query!("delete from import_agent where import_id = $1", id.0).execute(tx.conn()).await?;
        let done = Draft::of_job(&format!("import_{state}"), ended.created_by, ("import", id.0));
        tx.record(done.in_organization(ended.organization_id));
    }
    Ok(())
}

/// Returns whether the counters account for every row that was read. Otherwise something was lost,
/// and the import may not succeed.
pub async fn adds_up(tx: &mut Tx, id: ImportId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select (select coalesce(sum(rows_read), 0) from import_part where import_id = $1) =
                  (select coalesce(sum(rejected + merged), 0) from import_part where import_id = $1)
                + (select coalesce(sum(created + updated + unchanged + merged + rejected), 0) from import_shard where import_id = $1) as "same!""#,
        id.0
    )
    .fetch_one(tx.conn())
    .await?)
}
