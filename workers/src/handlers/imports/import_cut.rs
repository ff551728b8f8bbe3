//! `import-cut`: looks at an uploaded file and cuts it into parts (rules C2, C3 and C15).
//!
//! A file that is packed, or not in UTF-8, is written once more as plain text, so that any part of
//! it can be read from its first byte on. While the file is looked at, how far that has come is
//! told, and a cancel is heard. A file that only tells at its end that it is in Windows-1252 is
//! looked at twice.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use muster_domain::{
    ids::{ImportId, JobId},
    imports::{Compression, FileEncoding},
};
use muster_ingest::{
    ReadError,
    cut::{Cutter, FilePart},
    file::{self, Opened},
    header::Header,
    sniff::tally::Tally,
    unpack::Unpacked,
};
use muster_jobs::kinds::{CsvIngestion, ImportCut, ImportEnd};
use muster_storage::{
    Tx,
    engine::{
        claim::{self, ClaimedJob},
        enqueue::{JobOrder, enqueue, enqueue_all},
    },
    imports::{
        self, End, Import,
        parts::{self, Cut},
    },
    people::fields,
    tenancy::organizations::Organization,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;

use super::{object::ObjectReader, steps};
use crate::{Context, Leased, error::JobError};

/// Shards at most.
const MOST_SHARDS: u64 = 1_024;
/// Bytes that are read at a time.
const BLOCK: usize = 256 * 1024;
/// How often it is told how far the look at the file has come, and asked whether it is still
/// wanted.
const EVERY: Duration = Duration::from_millis(500);

impl Leased for ImportCut {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        steps::step(ctx, job, self.import_id, cut(ctx, job, self.import_id)).await
    }
}

async fn cut(ctx: &Context, job: &ClaimedJob, id: ImportId) -> Result<Tx, JobError> {
    let Some((organization, import)) = steps::running(ctx, job, id).await? else { return Ok(ctx.pool.begin().await?) };
    if import.cancel_requested {
        return cancelled(ctx, &import).await;
    }
    let Some(size) = ctx.objects.size(&import.object_key).await? else {
        return steps::refuse(ctx, job, &import, "the uploaded file is gone").await;
    };
    let text_key = format!("{}/text", steps::folder(import.organization_id, id));
    let mut looked = match look(ctx, job, &import, size, &text_key).await? {
        Look::Whole(looked) => looked,
        Look::Refused(why) => return steps::refuse(ctx, job, &import, &why).await,
        Look::Again(encoding) => {
            return Err(JobError::fail(format!("the file is {} at every look", encoding.as_str())));
        }
        Look::Cancelled => return cancelled(ctx, &import).await,
    };
    lock_fields(ctx, &organization, &mut looked.header).await?;
    write_down(ctx, job, &organization, &import, &looked, &text_key).await
}

/// Ends an import of which nothing was applied.
async fn cancelled(ctx: &Context, import: &Import) -> Result<Tx, JobError> {
    ctx.objects.delete_folder(&steps::folder(import.organization_id, import.id)).await?;
    let mut tx = ctx.pool.begin().await?;
    imports::finish(&mut tx, import.id, End::Cancelled).await?;
    Ok(tx)
}

/// How a look at a file ended.
enum Look {
    /// At the file's end.
    Whole(Looked),
    /// At the file's end, which has told that it is in another encoding than it was read in.
    Again(FileEncoding),
    /// With a reason against the file.
    Refused(String),
    /// By a cancel.
    Cancelled,
}

/// The findings of a look at the whole file.
struct Looked {
    compression: Option<Compression>,
    encoding: FileEncoding,
    header: Header,
    parts: Vec<FilePart>,
    copied: bool,
}

/// Reads the whole file, once more if only its end tells how it is written.
async fn look(ctx: &Context, job: &ClaimedJob, import: &Import, size: u64, text_key: &str) -> Result<Look, JobError> {
    match look_as(ctx, job, import, size, text_key, None).await? {
        Look::Again(encoding) => look_as(ctx, job, import, size, text_key, Some(encoding)).await,
        look => Ok(look),
    }
}

/// Reads the whole file on a thread of its own.
async fn look_as(
    ctx: &Context,
    job: &ClaimedJob,
    import: &Import,
    size: u64,
    text_key: &str,
    encoding: Option<FileEncoding>,
) -> Result<Look, JobError> {
    let source = ObjectReader::new(ctx.objects.clone(), import.object_key.clone(), 0..size);
    let mapping = import.mapping.clone();
    let (limit, part) = (ctx.settings.imports.upload_limit_bytes, ctx.settings.imports.part_bytes);
    let (copy, copied) = mpsc::channel::<Result<Bytes, Infallible>>(4);
    let (seen, stop) = (Arc::new(AtomicU64::new(0)), CancellationToken::new());
    // The thread ends with the task that waits for it.
    let _stops = stop.clone().drop_guard();
    let reader = Reader { limit, part, encoding, copy, seen: seen.clone(), stop: stop.clone() };
    let reading = tokio::task::spawn_blocking(move || reader.read(source, &mapping));
    // Nothing is written unless something comes; the stream ends with the reader.
    let copying = async {
        let mut copied = std::pin::pin!(futures::StreamExt::peekable(ReceiverStream::new(copied)));
        if copied.as_mut().peek().await.is_some() {
            ctx.objects.put(text_key, copied, u64::MAX).await?;
        }
        Ok::<_, JobError>(())
    };
    tokio::select! {
        copied = copying => copied?,
        Err(error) = tell(ctx, job, import, &seen, &stop) => return Err(error),
    }
    match reading.await.map_err(|error| JobError::retry(format!("the reader: {error}")))? {
        Ok(look) => Ok(look),
        Err(ReadError::Refused(refused)) => Ok(Look::Refused(refused.to_string())),
        Err(ReadError::Broken(error)) => Err(JobError::retry(format!("the file could not be read: {error}"))),
    }
}

/// Tells at intervals how much of the file was looked at, and stops the reader when the import is
/// cancelled. Ends by itself with an error alone.
async fn tell(
    ctx: &Context,
    job: &ClaimedJob,
    import: &Import,
    seen: &AtomicU64,
    stop: &CancellationToken,
) -> Result<Infallible, JobError> {
    loop {
        let bytes = signed(seen.load(Ordering::Relaxed));
        claim::progress(&ctx.pool, job, bytes, Some(import.size_bytes), "bytes of the file looked at").await?;
        if imports::record_cutting(&ctx.pool, import.id, bytes).await? {
            stop.cancel();
            return std::future::pending().await;
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// The reader of a file, from end to end.
struct Reader {
    /// Bytes that it may unpack to.
    limit: u64,
    /// Bytes of a part.
    part: u64,
    /// How the file's characters are written, if an earlier look has found out.
    encoding: Option<FileEncoding>,
    /// Where the text goes that others cannot read where it is.
    copy: mpsc::Sender<Result<Bytes, Infallible>>,
    /// Bytes of the file that were read so far.
    seen: Arc<AtomicU64>,
    /// Cancelled when the reader is not wanted any more.
    stop: CancellationToken,
}

impl Reader {
    fn read(self, source: ObjectReader, mapping: &BTreeMap<String, String>) -> Result<Look, ReadError> {
        use std::io::Read as _;
        let unpacked = Unpacked::open(source, self.limit)?;
        let (compression, progress) = (unpacked.compression(), unpacked.progress());
        let Opened { format, mut header, mut text } = file::opened_as(unpacked, mapping, self.encoding)?;
        let copying = compression.is_some() || format.encoding != FileEncoding::Utf8;
        // A copy begins behind the header; the file itself has a byte-order mark before the text.
        header.offset = if copying { 0 } else { header.offset + format.bom as u64 };
        let mut cutter = Cutter::new(header.shape(), self.part, header.offset, header.first_line);
        let (mut parts, mut tally) = (Vec::new(), Tally::default());
        let mut block = vec![0; BLOCK];
        while !self.stop.is_cancelled() {
            let size = text.read(&mut block)?;
            if size == 0 {
                tally.end();
                if format.undecided && tally.is_windows_1252() {
                    return Ok(Look::Again(FileEncoding::Windows1252));
                }
                cutter.finish(&mut parts)?;
                let copied = copying && !parts.is_empty();
                return Ok(Look::Whole(Looked { compression, encoding: format.encoding, header, parts, copied }));
            }
            if format.undecided {
                tally.add(&block[..size]);
            }
            self.seen.store(progress.bytes(), Ordering::Relaxed);
            cutter.feed(&block[..size], &mut parts)?;
            if copying && self.copy.blocking_send(Ok(Bytes::copy_from_slice(&block[..size]))).is_err() {
                return Err(std::io::Error::other("the copy could not be written").into());
            }
        }
        Ok(Look::Cancelled)
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Rule C14: columns of locked fields are not imported, and where an organization has locked its
/// fields as a whole, those that are none of them. A field's former name is the field's.
async fn lock_fields(ctx: &Context, organization: &Organization, header: &mut Header) -> Result<(), JobError> {
    let fields = fields::of_files(&ctx.pool, organization.id).await?;
    for (former, name) in &fields.former {
        header.rename_field(former, name);
    }
    if organization.settings.lock_custom_fields {
        header.lock_fields(&fields.known);
    }
    header.leave_out(&fields.locked);
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
    let text: u64 = looked.parts.iter().map(|part| part.length).sum();
    let shards = u32::try_from(text.div_ceil(ctx.settings.imports.shard_bytes).clamp(1, MOST_SHARDS)).unwrap_or(1);
    let header = serde_json::to_value(&looked.header).map_err(|error| JobError::fail(error.to_string()))?;
    let part = |part: &FilePart| parts::ImportPart {
        first_byte: signed(part.offset),
        bytes: signed(part.length),
        first_line: signed(part.first_line),
    };
    let parts: Vec<_> = looked.parts.iter().map(part).collect();
    let cut = Cut {
        compression: looked.compression,
        encoding: looked.encoding,
        delimiter: char::from(looked.header.delimiter),
        header: &header,
        text_key: looked.copied.then_some(text_key),
        shards,
        records: signed(looked.parts.iter().map(|part| part.records).sum()),
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
        enqueue_all(&mut tx, &jobs, JobOrder::Ordinary, &origin).await?;
    }
    tracing::info!(import.id = %import.id, organization.id = %organization.id, bytes = text, parts = parts.len(), shards, "cut");
    Ok(tx)
}
