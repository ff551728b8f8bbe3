//! `csv-ingestion`: reads a part of a file into sorted rows and rejects (rules C2 to C4, C6 and
//! C7).
//!
//! Rows go to the object store, where they wait until every part has been read; a second attempt
//! writes the same again. Memory is bounded by the part's size.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::stream;
use muster_domain::ids::ImportId;
use muster_ingest::{
    ReadError,
    rows::{Reject, RowOrReject as Record, RowReader, Warnings},
    tags::Tags,
};
use muster_jobs::kinds::{CsvIngestion, ImportAdmit};
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    imports::{
        Import,
        parts::{self, ImportPart, ReadPart},
        rejects::{self, RejectBudget, Rejects},
        rows::{Row, Rows, Sorted},
    },
};

use super::{object::ObjectReader, steps};
use crate::{Context, Leased, error::JobError};

impl Leased for CsvIngestion {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        steps::step(ctx, job, self.import_id, part(ctx, job, &self)).await
    }
}

async fn part(ctx: &Context, job: &ClaimedJob, payload: &CsvIngestion) -> Result<Tx, JobError> {
    let nothing = async || Ok(ctx.pool.begin().await?);
    let Some((_, import)) = steps::running(ctx, job, payload.import_id).await? else { return nothing().await };
    let Some(part) = parts::waiting(&ctx.pool, import.id, payload.part).await? else { return nothing().await };
    let room = steps::rejects_room(ctx, &import);
    let mut found = Found::within(room);
    let (mut starts, mut merged) = (vec![0; import.shards as usize + 1], 0);
    // Of an import that is cancelled no more is read.
    if !import.cancel_requested {
        let sorted;
        (sorted, found) = match read(ctx, &import, part, room).await? {
            Ok(read) => read,
            Err(refused) => return steps::refuse(ctx, job, &import, &refused).await,
        };
        let rows = stream::iter(sorted.chunks().map(|chunk| Ok::<_, std::convert::Infallible>(Bytes::from(chunk))));
        ctx.objects.put(&steps::rows_key(&import, payload.part, job.epoch), rows, u64::MAX).await?;
        // The rows themselves are let go before there is a transaction.
        (starts, merged) = (sorted.starts, sorted.merged);
    }
    let mut tx = ctx.pool.begin().await?;
    rejects::write(&mut tx, import.id, &found.rejects, room).await?;
    let read = ReadPart {
        rows_read: found.rows_read,
        rejected: found.rejected,
        epoch: job.epoch,
        merged,
        shard_starts: starts,
        tags: found.tags.into_names(),
        reject_reasons: found.reject_reasons,
        warning_reasons: found.warnings.by_reason(),
        warnings: signed(found.warnings.rows()),
        warning_lines: found.warnings.lines().iter().copied().map(signed).collect(),
    };
    match parts::record_read(&mut tx, import.id, payload.part, &read).await? {
        Some(0) => {
            enqueue(&mut tx, &ImportAdmit { import_id: import.id }, &ctx.origin(job)).await?;
            Ok(tx)
        }
        Some(_) => Ok(tx),
        None => steps::too_late(ctx, &import, tx).await,
    }
}

/// The findings in a part beside its rows.
struct Found {
    rows_read: i64,
    rejected: i64,
    reject_reasons: BTreeMap<&'static str, u64>,
    rejects: Rejects,
    tags: Tags,
    warnings: Warnings,
}

/// Bytes of rejects that a worker holds of one part.
const MOST_HELD: u64 = 8 * 1024 * 1024;

impl Found {
    fn within(room: RejectBudget) -> Self {
        Self {
            rows_read: 0,
            rejected: 0,
            reject_reasons: BTreeMap::new(),
            rejects: Rejects::within(RejectBudget { bytes: room.bytes.min(MOST_HELD), ..room }),
            tags: Tags::default(),
            warnings: Warnings::default(),
        }
    }

    fn reject(&mut self, id: ImportId, reject: &Reject<'_>) {
        self.rejects.push(id.0, signed(reject.line), reject.reason, reject.column.as_deref(), &reject.raw);
    }
}

/// Reads a part on a thread of its own; a refusal is an answer.
async fn read(
    ctx: &Context,
    import: &Import,
    part: ImportPart,
    room: RejectBudget,
) -> Result<Result<(Sorted, Found), String>, JobError> {
    let header = steps::header(import)?;
    let key = import.text_key.as_ref().unwrap_or(&import.object_key).clone();
    let (first, bytes) = (part.first_byte.unsigned_abs(), part.bytes.unsigned_abs());
    let source = ObjectReader::new(ctx.objects.clone(), key, first..first + bytes);
    let (id, shards) = (import.id, import.shards);
    let reading = tokio::task::spawn_blocking(move || {
        let mut reader = RowReader::new(&header, part.first_line.unsigned_abs(), source);
        let (mut rows, mut found) = (Rows::default(), Found::within(room));
        while let Some(record) = reader.next_line()? {
            match record {
                Record::Row(row) => {
                    found.tags.add(&row)?;
                    push(&mut rows, &row);
                }
                Record::Reject(reject) => found.reject(id, &reject),
            }
        }
        found.rows_read = signed(reader.counts().rows());
        found.rejected = signed(reader.counts().rejected());
        found.reject_reasons = reader.counts().by_reason();
        found.warnings = reader.warnings().clone();
        Ok((rows.sort(shards), found))
    });
    match reading.await.map_err(|error| JobError::retry(format!("the reader: {error}")))? {
        Ok(read) => Ok(Ok(read)),
        Err(ReadError::Refused(refused)) => Ok(Err(refused.to_string())),
        Err(ReadError::Broken(error)) => Err(JobError::retry(format!("the file could not be read: {error}"))),
    }
}

fn push(rows: &mut Rows, row: &muster_ingest::rows::Row<'_>) {
    rows.push(
        &Row {
            line: signed(row.line),
            e164: &row.e164,
            first_name: row.first_name(),
            last_name: row.last_name(),
            email: row.email(),
            postal_code: row.postal_code().as_deref(),
            notes: row.notes(),
            external_id: row.external_id(),
            agent: row.assigned_agent(),
            opted_out: row.opted_out,
        },
        row.numbered_fields(),
        row.tags(),
    );
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
