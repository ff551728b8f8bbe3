//! `csv-ingestion`: reads an uploaded file into contacts (rules C1 to C15).
//!
//! A thread of its own reads and checks rows; this side writes them by COPY as they come and then applies them with a fixed
//! number of statements, all in the transaction that completes the job. Memory is bounded by a few chunks, whatever the file's size.

mod object;
mod reader;

use muster_ingest::ReadError;
use muster_jobs::payloads::CsvIngestion;
use muster_storage::{
    Tx,
    engine::claim::{self, ClaimedJob},
    imports::{self, End, Import},
    ingest,
    organizations::Organization,
};
use tokio::sync::mpsc;

use self::{
    object::ObjectReader,
    reader::{Plan, Read, read},
};
use crate::{Context, error::JobError};

pub(crate) async fn run(ctx: &Context, job: &ClaimedJob, payload: CsvIngestion) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let organization = ctx.organization(&mut tx, job).await?;
    let Some(import) = imports::get(&ctx.pool, organization.id, payload.import_id).await? else {
        return Err(JobError::fail("the import does not exist"));
    };
    if !matches!(import.state.as_str(), "waiting" | "running") {
        return Ok(tx);
    }
    let end = ingest(ctx, &mut tx, job, &organization, &import).await?;
    match end {
        Ended::Applied(counters) => {
            imports::finish(&mut tx, import.id, &End::Succeeded(counters)).await?;
            tracing::info!(
                import.id = %import.id,
                rows = counters.rows_read,
                created = counters.created,
                updated = counters.updated,
                unchanged = counters.unchanged,
                merged = counters.merged,
                rejected = counters.rejected,
                "imported"
            );
            Ok(tx)
        }
        // What was staged goes with the transaction.
        Ended::Refused(why) => end_without_effects(ctx, tx, &import, End::Failed(&why)).await,
        Ended::Cancelled => end_without_effects(ctx, tx, &import, End::Cancelled).await,
    }
}

enum Ended {
    Applied(imports::Counters),
    Refused(String),
    Cancelled,
}

async fn end_without_effects(ctx: &Context, tx: Tx, import: &Import, end: End<'_>) -> Result<Tx, JobError> {
    tx.rollback().await?;
    let mut tx = ctx.pool.begin().await?;
    imports::finish(&mut tx, import.id, &end).await?;
    tracing::info!(import.id = %import.id, end = ?end, "the import ended without effects");
    Ok(tx)
}

async fn ingest(
    ctx: &Context,
    tx: &mut Tx,
    job: &ClaimedJob,
    organization: &Organization,
    import: &Import,
) -> Result<Ended, JobError> {
    let Some(size) = ctx.objects.size(&import.object_key).await? else {
        return Ok(Ended::Refused("the uploaded file is gone".to_owned()));
    };
    let redacted_people = ingest::knows_redacted_people(&ctx.pool, organization.account_id).await?;
    let plan = Plan {
        import_id: import.id,
        mapping: import.mapping.clone(),
        limit: ctx.settings.upload_limit_bytes,
        phone_hash_key: redacted_people.then_some(ctx.phone_hash_key),
    };
    ingest::begin(tx, import.id).await?;

    let (chunks_in, chunks) = mpsc::channel::<Read>(2);
    let source = ObjectReader::new(ctx.objects.clone(), import.object_key.clone(), 0..size);
    let parse = tokio::task::spawn_blocking(move || read(&plan, source, &chunks_in));
    // When writing ends early, the receiver goes, and then the reader's thread ends.
    let write = async {
        let mut totals = (0, 0);
        let mut chunks = chunks;
        while let Some(mut read) = chunks.recv().await {
            ingest::stage(tx, &mut read.chunk).await?;
            totals = (read.rows_read, read.rejected);
            claim::progress(&ctx.engine_pool, job, read.bytes_read, Some(import.size_bytes)).await?;
            if imports::progress(&ctx.engine_pool, import.id, read.bytes_read, read.rows_read).await? {
                return Ok(None);
            }
        }
        Ok::<_, JobError>(Some(totals))
    };
    let written = write.await;
    let parsed = parse.await.map_err(|error| JobError::retry(format!("the reader: {error}")))?;
    let Some((rows_read, rejected)) = written? else { return Ok(Ended::Cancelled) };
    let fields = match parsed {
        Ok(fields) => fields,
        Err(ReadError::Refused(why)) => return Ok(Ended::Refused(why.to_string())),
        Err(ReadError::Broken(why)) => return Err(JobError::retry(format!("the file could not be read: {why}"))),
    };
    let limit = organization.settings.group_contact_limit;
    let counters = ingest::apply(tx, import, organization.account_id, rows_read, rejected, &fields, limit).await?;
    Ok(Ended::Applied(counters))
}
