//! Imports as answers tell them.

use std::{collections::BTreeMap, fmt::Write as _};

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{GroupId, ImportId},
    imports::{Compression, FileEncoding, ImportState},
};
use muster_storage::imports::{self, Import, Progress};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{auth::Admin, bounds, problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct ImportBody {
    #[schema(value_type = Uuid)]
    id: ImportId,
    /// The group that its contacts join; null for a dry run that would have to make the group.
    #[schema(value_type = Option<Uuid>)]
    group_id: Option<GroupId>,
    file_name: String,
    dry_run: bool,
    /// `waiting`, `running`, `succeeded`, `failed` or `cancelled`.
    #[schema(value_type = shapes::ImportState)]
    state: ImportState,
    /// Why the file as a whole was refused.
    failure: Option<String>,
    size_bytes: i64,
    /// The file's SHA-256, 64 hexadecimal digits.
    #[schema(value_type = Option<bounds::Sha256>)]
    sha256: Option<String>,
    /// `gzip`, `zstd` or `zip`; null for a plain file.
    #[schema(value_type = Option<shapes::Compression>)]
    compression: Option<Compression>,
    /// Once somebody has looked: `UTF-8`, `UTF-16LE`, `UTF-16BE` or `windows-1252`.
    #[schema(value_type = Option<shapes::FileEncoding>)]
    encoding: Option<FileEncoding>,
    /// Character between its cells.
    delimiter: Option<char>,
    /// Its columns in order and the field that each fills: `phone`, …, `custom:NAME`, or `ignore`.
    columns: Vec<ImportColumn>,
    /// Bytes of text behind the header, once it was cut into parts; more than `size_bytes` when the
    /// file is packed.
    text_bytes: i64,
    /// Bytes of text that were read.
    bytes_read: i64,
    /// Bytes of the file that were looked at to cut it into parts; `size_bytes` once that is done.
    bytes_cut: i64,
    /// About how many rows the file has, by its lines; once it was cut, by its records, which may
    /// be a few more than rows. Null for a packed file before that.
    rows_expected: Option<i64>,
    /// Parts of the file, which are read at once, and how many were read.
    parts: i64,
    parts_read: i64,
    /// Shards of its rows, which are applied at once, and how many were applied.
    shards: i64,
    shards_applied: i64,
    /// Rows read in a second, over the time that it has taken.
    rows_per_second: f64,
    /// Seconds that it may still take; null when there is nothing to go by yet, or it is over.
    seconds_left: Option<f64>,
    rows_read: i64,
    /// Contacts that were not there before; where a group admin imports, contacts that the group
    /// did not have.
    created: i64,
    updated: i64,
    unchanged: i64,
    merged: i64,
    rejected: i64,
    /// Rejected rows by reason, those that are not kept as well.
    reject_reasons: BTreeMap<String, i64>,
    /// Rejected rows that are kept, which `rejects.csv` has. Of a file so many are kept as the
    /// installation says, and so many bytes: 1 MiB and four times the file's size as it was
    /// uploaded, up to a limit.
    rejects_kept: i64,
    /// Rejected rows that are counted alone.
    rejects_not_kept: i64,
    /// When those that were kept were forgotten, because they were kept for as long as the
    /// installation keeps them.
    rejects_forgotten_at: Option<DateTime<Utc>>,
    /// People with an opt-out stated in the file's columns. They are opted out, in a dry run they
    /// would be.
    opted_out: i64,
    /// Rows that were read with a doubt; they are applied like others.
    warnings: i64,
    /// Count of each doubt: `area_code_unknown` (it is in no number plan that we know),
    /// `opt_out_unknown` (a column's word on opting out is not understood). A row may have both.
    warning_reasons: BTreeMap<String, i64>,
    /// The lines on which the first ten of these begin.
    warning_lines: Vec<i64>,
    /// Tags of the file that are locked, and so were not given.
    locked_tags: Vec<String>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    /// When it was undone.
    undone_at: Option<DateTime<Utc>>,
    /// Then: contacts `deleted`, contacts `restored` as they were, and contacts `kept` because
    /// somebody has used or edited them since.
    #[schema(value_type = Option<shapes::Undone>)]
    undone: Option<Value>,
}

/// A column of a file.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportColumn {
    /// Its name as the file has it.
    header: String,
    /// The field that it fills.
    field: String,
}

/// Returns an import that the caller may see.
pub(crate) async fn find(api: &Api, admin: &Admin, id: ImportId) -> Result<Import, Problem> {
    let import = imports::get(&api.pool, admin.organization_id, id).await?.ok_or_else(|| Problem::no("import"))?;
    admin.group_or_all(import.group_id).map_err(|_| Problem::no("import"))?;
    Ok(import)
}

/// Returns an import as it is told.
pub(crate) async fn body(api: &Api, import: Import) -> Result<ImportBody, Problem> {
    let reject_reasons = imports::reject_reasons(&api.pool, import.id).await?;
    let warning_reasons = imports::warning_reasons(&api.pool, import.id).await?;
    let rejects_kept =
        if import.rejects_forgotten_at.is_some() { 0 } else { import.rejects_kept + import.applied_rejects_kept };
    let Progress { parts, parts_read, shards, shards_applied, bytes, bytes_read, bytes_cut, .. } = import.progress;
    Ok(ImportBody {
        id: import.id,
        group_id: import.group_id,
        file_name: import.file_name,
        dry_run: import.dry_run,
        state: import.state,
        failure: import.failure,
        size_bytes: import.size_bytes,
        sha256: import.sha256.as_deref().map(hex),
        compression: import.compression,
        encoding: import.encoding,
        delimiter: import.delimiter,
        columns: import.header.as_ref().map(columns).unwrap_or_default(),
        text_bytes: bytes,
        bytes_read,
        bytes_cut,
        rows_expected: import.rows_expected,
        parts,
        parts_read,
        shards,
        shards_applied,
        rows_per_second: import.progress.rate(import.counters.rows_read),
        seconds_left: import.progress.seconds_left().filter(|_| import.finished_at.is_none()),
        rows_read: import.counters.rows_read,
        created: import.counters.created,
        updated: import.counters.updated,
        unchanged: import.counters.unchanged,
        merged: import.counters.merged,
        rejected: import.counters.rejected,
        rejects_kept,
        rejects_not_kept: (reject_reasons.values().sum::<i64>() - rejects_kept).max(0),
        rejects_forgotten_at: import.rejects_forgotten_at,
        reject_reasons,
        opted_out: import.opted_out,
        warnings: import.warnings,
        warning_reasons,
        warning_lines: import.warning_lines,
        locked_tags: import.locked_tags,
        created_at: import.created_at,
        finished_at: import.finished_at,
        undone_at: import.undone_at,
        undone: import.undone,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Returns the columns of a header as `import-cut` wrote it down.
fn columns(header: &Value) -> Vec<ImportColumn> {
    let texts =
        |name: &str| header[name].as_array().into_iter().flatten().map(|text| text.as_str().unwrap_or_default());
    let columns = texts("names").zip(texts("columns"));
    columns.map(|(header, field)| ImportColumn { header: header.to_owned(), field: field.to_owned() }).collect()
}
