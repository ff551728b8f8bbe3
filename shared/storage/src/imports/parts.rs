//! Which parts and shards of an import are done, each recorded by the transaction that does it.

use std::{collections::BTreeMap, ops::Range};

use muster_domain::{
    ids::ImportId,
    imports::{Compression, FileEncoding},
};

use crate::{Db, Pool, Result, Tx, imports::apply::Applied};

/// Findings of cutting a file.
#[derive(Debug, Clone)]
pub struct Cut<'a> {
    /// Its compression, if it has one.
    pub compression: Option<Compression>,
    /// The encoding of its characters.
    pub encoding: FileEncoding,
    /// The character between its fields.
    pub delimiter: char,
    /// Its header, as the reader wants it again.
    pub header: &'a serde_json::Value,
    /// Where the object store has it as UTF-8 text; none when that is the file itself.
    pub text_key: Option<&'a str>,
    /// Into how many shards its rows go.
    pub shards: u32,
    /// Its records behind the header; rows without any value are among them.
    pub records: i64,
    /// Its parts, in order.
    pub parts: &'a [ImportPart],
}

/// A part of a file's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportPart {
    /// Its first byte.
    pub first_byte: i64,
    /// Its length.
    pub bytes: i64,
    /// The line of its first byte, from 1.
    pub first_line: i64,
}

/// Records the kind of a file and its parts; from now on it is being read.
pub async fn record_cut(tx: &mut Tx, id: ImportId, cut: &Cut<'_>) -> Result<()> {
    sqlx::query!("delete from import_part where import_id = $1", id.0).execute(tx.conn()).await?;
    let parts = i32::try_from(cut.parts.len()).unwrap_or(i32::MAX);
    sqlx::query!(
        "insert into import_part (import_id, number, first_byte, bytes, first_line)
         select $1, number - 1, first_byte, bytes, first_line
         from unnest($2::bigint[], $3::bigint[], $4::bigint[]) with ordinality as p (first_byte, bytes, first_line, number)",
        id.0,
        &cut.parts.iter().map(|part| part.first_byte).collect::<Vec<_>>(),
        &cut.parts.iter().map(|part| part.bytes).collect::<Vec<_>>(),
        &cut.parts.iter().map(|part| part.first_line).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update import set state = 'running', started_at = coalesce(started_at, clock_timestamp()), bytes_cut = size_bytes, rows_expected = $9,
             compression = $2, encoding = $3, delimiter = $4, header = $5, text_key = $6, shards = $7, parts_left = $8, shards_left = $7
         where id = $1",
        id.0,
        cut.compression.map(Compression::as_str),
        cut.encoding.as_str(),
        cut.delimiter.to_string(),
        cut.header,
        cut.text_key,
        i32::try_from(cut.shards).unwrap_or(i32::MAX),
        parts,
        cut.records,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns a part that is to be read; `None` when it has been.
pub async fn waiting(pool: &Pool, id: ImportId, number: u32) -> Result<Option<ImportPart>> {
    let row = sqlx::query!(
        "select first_byte, bytes, first_line from import_part where import_id = $1 and number = $2 and rows_read is null",
        id.0,
        i32::try_from(number).unwrap_or(i32::MAX),
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?;
    Ok(row.map(|row| ImportPart { first_byte: row.first_byte, bytes: row.bytes, first_line: row.first_line }))
}

/// Findings in a part.
#[derive(Debug, Clone)]
pub struct ReadPart {
    /// Rows read.
    pub rows_read: i64,
    /// Of these, ones that cannot be read.
    pub rejected: i64,
    /// Of these, ones that a later row of the part replaced (rule C6).
    pub merged: i64,
    /// The attempt that read it; its object has the rows.
    pub epoch: i64,
    /// Where each shard begins in the part's object, and where the last one ends.
    pub shard_starts: Vec<i64>,
    /// Tags that its rows name.
    pub tags: Vec<String>,
    /// Rejects by reason, those that are not kept as well.
    pub reject_reasons: BTreeMap<&'static str, u64>,
    /// Rows that were read with a doubt (rules C4 and C17).
    pub warnings: i64,
    /// For each doubt, how many.
    pub warning_reasons: BTreeMap<&'static str, u64>,
    /// The lines on which the first of these begin.
    pub warning_lines: Vec<i64>,
}

/// Records that a part has been read; returns how many are left, or nothing when the import is over
/// and nobody wants it any more. The import's row is locked from here on, so this comes last.
pub async fn record_read(tx: &mut Tx, id: ImportId, number: u32, read: &ReadPart) -> Result<Option<i64>> {
    sqlx::query!(
        "update import_part set rows_read = $3, rejected = $4, merged = $5, shard_starts = $6, tags = $7, read_epoch = $8,
             warnings = $9, warning_lines = $10, reject_reasons = $11, warning_reasons = $12
         where import_id = $1 and number = $2",
        id.0,
        i32::try_from(number).unwrap_or(i32::MAX),
        read.rows_read,
        read.rejected,
        read.merged,
        &read.shard_starts,
        &read.tags,
        read.epoch,
        read.warnings,
        &read.warning_lines,
        serde_json::to_value(&read.reject_reasons)?,
        serde_json::to_value(&read.warning_reasons)?,
    )
    .execute(tx.conn())
    .await?;
    let left = sqlx::query_scalar!(
        r#"update import set parts_left = parts_left - 1 where id = $1 and state = 'running' returning parts_left as "left!""#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(left.map(i64::from))
}

/// Where the rows of a shard are that stood in one part.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The part.
    pub part: u32,
    /// The attempt that wrote their object.
    pub epoch: i64,
    /// Where they are in it.
    pub bytes: Range<u64>,
}

/// Returns the pieces of a shard, in the order of the parts; parts that have nothing of it are left
/// out. Of a large file, where all shards begin in all parts would be more than the shard itself.
pub async fn pieces(db: impl Into<Db<'_>>, id: ImportId, shard: u32) -> Result<Vec<Piece>> {
    let shard = i32::try_from(shard).unwrap_or(i32::MAX);
    let rows = sqlx::query!(
        r#"select number, coalesce(read_epoch, 0) as "epoch!", shard_starts[$2 + 1] as "start!", shard_starts[$2 + 2] as "stop!"
           from import_part where import_id = $1 and shard_starts[$2 + 1] < shard_starts[$2 + 2] order by number"#,
        id.0,
        shard,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    let pieces = rows.iter().map(|row| Piece {
        part: row.number.unsigned_abs(),
        epoch: row.epoch,
        bytes: row.start.unsigned_abs()..row.stop.unsigned_abs(),
    });
    Ok(pieces.collect())
}

/// Findings of all parts together.
#[derive(Debug, Clone, Default)]
pub struct AllRead {
    /// Rows that may be applied; a phone that stands in several parts is counted in each.
    pub to_apply: i64,
    /// Tags that rows name.
    pub tags: Vec<String>,
}

/// Sums over all parts.
pub async fn all_read(pool: &Pool, id: ImportId) -> Result<AllRead> {
    let row = sqlx::query!(
        r#"select coalesce(sum(rows_read - rejected - merged), 0)::bigint as "to_apply!",
                  array(select distinct unnest(tags) from import_part where import_id = $1) as "tags!"
           from import_part where import_id = $1"#,
        id.0
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?;
    Ok(AllRead { to_apply: row.to_apply, tags: row.tags })
}

/// Returns whether this shard has been applied.
pub async fn is_applied(pool: &Pool, id: ImportId, number: u32) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from import_shard where import_id = $1 and number = $2) as "done!""#,
        id.0,
        i32::try_from(number).unwrap_or(i32::MAX),
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?)
}

/// Returns whether all shards have been applied.
pub async fn all_applied(tx: &mut Tx, import: &crate::imports::Import) -> Result<bool> {
    let applied =
        sqlx::query_scalar!(r#"select count(*) as "applied!" from import_shard where import_id = $1"#, import.id.0)
            .fetch_one(tx.conn())
            .await?;
    Ok(applied >= i64::from(import.shards))
}

/// Records that a shard is done with; returns how many are left, or nothing when the import is over
/// and nobody wants it any more. The import's row is locked from here on, so this comes last.
pub async fn record_applied(
    tx: &mut Tx,
    id: ImportId,
    number: u32,
    applied: Option<&Applied>,
    merged: i64,
) -> Result<Option<i64>> {
    if let Some(applied) = applied {
        sqlx::query!(
            "insert into import_shard (import_id, number, created, updated, unchanged, merged, rejected, reject_reasons, rejects_kept, opted_out)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            id.0,
            i32::try_from(number).unwrap_or(i32::MAX),
            applied.created,
            applied.updated,
            applied.unchanged,
            merged,
            applied.rejected,
            serde_json::to_value(&applied.reject_reasons)?,
            applied.rejects_kept,
            applied.opted_out,
        )
        .execute(tx.conn())
        .await?;
    }
    let left = sqlx::query_scalar!(
        r#"update import set shards_left = shards_left - 1 where id = $1 and state = 'running' returning shards_left as "left!""#,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(left.map(i64::from))
}
