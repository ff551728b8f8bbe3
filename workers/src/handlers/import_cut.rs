//! `import-cut`: looks at an uploaded file and cuts it into parts (rules C2, C3 and C15).
//!
//! What is packed, or not in UTF-8, is written once more as plain text, so that any part of it can be read from its first byte on.

use std::ops::Range;

use bytes::Bytes;
use muster_domain::{headers::Column, ids::JobId};
use muster_ingest::{
    ReadError,
    cut::{Cutter, Part},
    file::{self, Opened},
    header::Header,
    sniff::Encoding,
    unpack::{MAGIC, Packing, packing},
};
use muster_jobs::payloads::{CsvIngestion, ImportCut, ImportEnd};
use muster_storage::{
    Tx,
    engine::{
        claim::ClaimedJob,
        enqueue::{Line, enqueue, enqueue_all},
    },
    imports::{self, End, Import},
    ingest::parts::{self, Cut},
    organizations::Organization,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::{
    Context,
    error::JobError,
    import::{self, object::ObjectReader},
};

/// Shards at most.
const MOST_SHARDS: u64 = 1_024;
/// Bytes that are read at a time.
const BLOCK: usize = 256 * 1024;

pub(crate) async fn run(ctx: &Context, job: &ClaimedJob, payload: ImportCut) -> Result<Tx, JobError> {
    import::step(ctx, job, payload.import_id, cut(ctx, job, payload.import_id)).await
}

async fn cut(ctx: &Context, job: &ClaimedJob, id: muster_domain::ids::ImportId) -> Result<Tx, JobError> {
    let Some((organization, import)) = import::running(ctx, job, id).await? else { return Ok(ctx.pool.begin().await?) };
    if import.cancel_requested {
        let mut tx = ctx.pool.begin().await?;
        imports::finish(&mut tx, id, End::Cancelled).await?;
        return Ok(tx);
    }
    let Some(size) = ctx.objects.size(&import.object_key).await? else {
        return import::refuse(ctx, &import, "the uploaded file is gone").await;
    };
    let text_key = format!("{}/text", import::folder(import.organization_id, id));
    let mut looked = match look(ctx, &import, 0..size, &text_key).await? {
        Ok(looked) => looked,
        Err(refused) => return import::refuse(ctx, &import, &refused).await,
    };
    lock_fields(ctx, &organization, &mut looked.header).await?;
    write_down(ctx, job, &organization, &import, &looked, &text_key).await
}

/// What a look at the whole file told.
struct Looked {
    packing: Packing,
    encoding: Encoding,
    header: Header,
    parts: Vec<Part>,
    copied: bool,
}

/// Reads the whole file once, on a thread of its own; a refusal is an answer.
async fn look(
    ctx: &Context,
    import: &Import,
    range: Range<u64>,
    text_key: &str,
) -> Result<Result<Looked, String>, JobError> {
    let reader = || ObjectReader::new(ctx.objects.clone(), import.object_key.clone(), range.clone());
    let (source, head) = (reader(), reader());
    let mapping = import.mapping.clone();
    let (limit, part) = (ctx.settings.upload_limit_bytes, ctx.settings.import_part_bytes);
    let (copy, copied) = mpsc::channel::<Result<Bytes, std::convert::Infallible>>(4);
    let reading = tokio::task::spawn_blocking(move || read(source, head, &mapping, limit, part, &copy));
    // Nothing is written unless something comes.
    let mut copied = std::pin::pin!(futures::StreamExt::peekable(ReceiverStream::new(copied)));
    if copied.as_mut().peek().await.is_some() {
        ctx.objects.put(text_key, copied, u64::MAX).await?;
    }
    match reading.await.map_err(|error| JobError::retry(format!("the reader: {error}")))? {
        Ok(looked) => Ok(Ok(looked)),
        Err(ReadError::Refused(refused)) => Ok(Err(refused.to_string())),
        Err(ReadError::Broken(error)) => Err(JobError::retry(format!("the file could not be read: {error}"))),
    }
}

fn read(
    source: ObjectReader,
    mut head: ObjectReader,
    mapping: &std::collections::BTreeMap<String, String>,
    limit: u64,
    part: u64,
    copy: &mpsc::Sender<Result<Bytes, std::convert::Infallible>>,
) -> Result<Looked, ReadError> {
    use std::io::Read as _;
    let mut magic = Vec::with_capacity(MAGIC);
    head.by_ref().take(MAGIC as u64).read_to_end(&mut magic)?;
    let packing = packing(&magic);
    let Opened { format, mut header, mut text } = file::open(source, mapping, limit)?;
    let copying = packing != Packing::None || format.encoding != Encoding::Utf8;
    // A copy begins behind the header; the file itself has a byte-order mark before the text.
    header.offset = if copying { 0 } else { header.offset + format.bom as u64 };
    let mut cutter = Cutter::new(header.delimiter, part, header.offset, header.first_line);
    let mut parts = Vec::new();
    let mut block = vec![0; BLOCK];
    loop {
        let size = text.read(&mut block)?;
        if size == 0 {
            break;
        }
        cutter.feed(&block[..size], &mut parts)?;
        if copying && copy.blocking_send(Ok(Bytes::copy_from_slice(&block[..size]))).is_err() {
            return Err(std::io::Error::other("the copy could not be written").into());
        }
    }
    cutter.finish(&mut parts)?;
    let copied = copying && !parts.is_empty();
    Ok(Looked { packing, encoding: format.encoding, header, parts, copied })
}

/// Rule C14: where an organization has locked its fields, columns that are none of them are not imported.
async fn lock_fields(ctx: &Context, organization: &Organization, header: &mut Header) -> Result<(), JobError> {
    if !organization.settings.lock_custom_fields {
        return Ok(());
    }
    let known = muster_storage::organizations::custom_fields(&ctx.pool, organization.id).await?;
    for column in &mut header.columns {
        if matches!(column, Column::Custom(name) if !known.contains(name)) {
            *column = Column::Ignored;
        }
    }
    Ok(())
}

/// Records the parts and enqueues a job for each.
async fn write_down(
    ctx: &Context,
    job: &ClaimedJob,
    organization: &Organization,
    import: &Import,
    looked: &Looked,
    text_key: &str,
) -> Result<Tx, JobError> {
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let text: u64 = looked.parts.iter().map(|part| part.length).sum();
    let shards = u32::try_from(text.div_ceil(ctx.settings.import_shard_bytes).clamp(1, MOST_SHARDS)).unwrap_or(1);
    let header = serde_json::to_value(&looked.header).map_err(|error| JobError::fail(error.to_string()))?;
    let part = |part: &Part| parts::Part {
        first_byte: signed(part.offset),
        bytes: signed(part.length),
        first_line: signed(part.first_line),
    };
    let parts: Vec<_> = looked.parts.iter().map(part).collect();
    let cut = Cut {
        compression: match looked.packing {
            Packing::None => None,
            Packing::Gzip => Some("gzip"),
            Packing::Zstd => Some("zstd"),
            Packing::Zip => Some("zip"),
        },
        encoding: looked.encoding.name(),
        delimiter: char::from(looked.header.delimiter),
        header: &header,
        text_key: looked.copied.then_some(text_key),
        shards,
        parts: &parts,
    };
    let mut tx = ctx.pool.begin().await?;
    parts::record_cut(&mut tx, import.id, &cut).await?;
    let origin = ctx.origin(job);
    if parts.is_empty() {
        enqueue(&mut tx, &ImportEnd { import_id: import.id }, &origin).await?;
    } else {
        let jobs: Vec<_> = (0_u32..).zip(&parts).map(|(part, _)| CsvIngestion { import_id: import.id, part }).collect();
        let jobs: Vec<_> = jobs.iter().map(|job| (JobId::new(), job)).collect();
        enqueue_all(&mut tx, &jobs, Line::Ordinary, &origin).await?;
    }
    tracing::info!(import.id = %import.id, organization.id = %organization.id, bytes = text, parts = parts.len(), shards, "cut");
    Ok(tx)
}
