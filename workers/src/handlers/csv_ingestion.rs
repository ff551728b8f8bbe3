//! `csv-ingestion`: reads a part of a file into sorted rows and rejects (rules C2 to C4, C6 and C7).
//!
//! Rows go to the object store, where they wait until every part has been read; a second attempt writes the same again. Memory is
//! bounded by the part's size.

use bytes::Bytes;
use futures::stream;
use muster_ingest::{
    ReadError,
    rows::{Line as Record, RowReader, Warnings},
    tags::Tags,
};
use muster_jobs::payloads::{CsvIngestion, ImportAdmit};
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    imports::Import,
    ingest::{
        parts::{self, Part, ReadPart},
        rows::{Rejects, Row, Rows, Sorted},
    },
};

use crate::{
    Context,
    error::JobError,
    import::{self, object::ObjectReader},
};

pub(crate) async fn run(ctx: &Context, job: &ClaimedJob, payload: CsvIngestion) -> Result<Tx, JobError> {
    import::step(ctx, job, payload.import_id, part(ctx, job, &payload)).await
}

async fn part(ctx: &Context, job: &ClaimedJob, payload: &CsvIngestion) -> Result<Tx, JobError> {
    let nothing = async || Ok(ctx.pool.begin().await?);
    let Some((_, import)) = import::running(ctx, job, payload.import_id).await? else { return nothing().await };
    let Some(part) = parts::waiting(&ctx.pool, import.id, payload.part).await? else { return nothing().await };
    let mut found = Found::default();
    let (mut starts, mut merged) = (vec![0; import.shards as usize + 1], 0);
    // Of an import that is cancelled no more is read.
    if !import.cancel_requested {
        let sorted;
        (sorted, found) = match read(ctx, &import, part).await? {
            Ok(read) => read,
            Err(refused) => return import::refuse(ctx, job, &import, &refused).await,
        };
        let rows = stream::iter(sorted.chunks().map(|chunk| Ok::<_, std::convert::Infallible>(Bytes::from(chunk))));
        ctx.objects.put(&import::rows_key(&import, payload.part, job.epoch), rows, u64::MAX).await?;
        // The rows themselves are let go before there is a transaction.
        (starts, merged) = (sorted.starts, sorted.merged);
    }
    let mut tx = ctx.pool.begin().await?;
    parts::write_rejects(&mut tx, &mut found.rejects).await?;
    let read = ReadPart {
        rows_read: found.rows_read,
        rejected: found.rejected,
        epoch: job.epoch,
        merged,
        shard_starts: starts,
        tags: found.tags.into_names(),
        warnings: signed(found.warnings.rows()),
        warning_lines: found.warnings.lines().iter().copied().map(signed).collect(),
    };
    match parts::record_read(&mut tx, import.id, payload.part, &read).await? {
        Some(0) => {
            enqueue(&mut tx, &ImportAdmit { import_id: import.id }, &ctx.origin(job)).await?;
            Ok(tx)
        }
        Some(_) => Ok(tx),
        None => import::too_late(ctx, &import, tx).await,
    }
}

/// What a part holds beside its rows.
#[derive(Default)]
struct Found {
    rows_read: i64,
    rejected: i64,
    rejects: Rejects,
    tags: Tags,
    warnings: Warnings,
}

/// Reads a part on a thread of its own; a refusal is an answer.
async fn read(ctx: &Context, import: &Import, part: Part) -> Result<Result<(Sorted, Found), String>, JobError> {
    let header = import::header(import)?;
    let key = import.text_key.as_ref().unwrap_or(&import.object_key).clone();
    let (first, bytes) = (part.first_byte.unsigned_abs(), part.bytes.unsigned_abs());
    let source = ObjectReader::new(ctx.objects.clone(), key, first..first + bytes);
    let (id, shards) = (import.id.0, import.shards);
    let reading = tokio::task::spawn_blocking(move || {
        let mut reader = RowReader::new(&header, part.first_line.unsigned_abs(), source);
        let (mut rows, mut found) = (Rows::default(), Found::default());
        while let Some(record) = reader.next_line()? {
            match record {
                Record::Row(row) => {
                    found.tags.add(&row)?;
                    rows.push(
                        &Row {
                            line: signed(row.line),
                            e164: &row.e164,
                            first_name: row.first_name(),
                            last_name: row.last_name(),
                            email: row.email(),
                            postal_code: row.postal_code(),
                            notes: row.notes(),
                            external_id: row.external_id(),
                            agent: row.assigned_agent(),
                        },
                        row.fields(),
                        row.tags(),
                    );
                }
                Record::Reject(reject) => {
                    found.rejects.push(id, signed(reject.line), reject.reason.word(), reject.column, &reject.raw);
                }
            }
        }
        found.rows_read = signed(reader.counts().rows());
        found.rejected = signed(reader.counts().rejected());
        found.warnings = reader.warnings().clone();
        Ok((rows.sort(shards), found))
    });
    match reading.await.map_err(|error| JobError::retry(format!("the reader: {error}")))? {
        Ok(read) => Ok(Ok(read)),
        Err(ReadError::Refused(refused)) => Ok(Err(refused.to_string())),
        Err(ReadError::Broken(error)) => Err(JobError::retry(format!("the file could not be read: {error}"))),
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
