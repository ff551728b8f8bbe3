//! `export`: writes an export's file (rule E1). The file of an access request is made by
//! `access_file`.
//!
//! Records come out of one COPY and go into the object store as they come, so that a file of any
//! size takes the same memory. A worker that dies leaves nothing that is served: the next one
//! begins again, under the number of its attempt. While it writes, progress is told, and a cancel
//! or a redaction is heard.

use std::{io::Write as _, sync::Arc};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures::{Stream, stream};
use muster_domain::trust::export::{ExportCommand, ExportFailure, ExportKind, Lines};
use muster_jobs::kinds::Export;
use muster_storage::{
    Tx,
    engine::claim::ClaimedJob,
    tenancy::organizations::Organization,
    trust::exports::{self, Export as Entry, Piece, Progress, Values},
};
use tokio::sync::mpsc;

use super::{
    access_file,
    written::{Seen, tell},
};
use crate::{Context, Leased, error::JobError, rights};

/// Attempts at most: each redaction in the account asks for another.
const MOST_ATTEMPTS: i32 = 50;
/// Pieces of records between the database and the file.
const PIECES_WAITING: usize = 4;

impl Leased for Export {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        loop {
            let mut tx = ctx.pool.begin().await?;
            let organization = ctx.organization(&mut tx, job).await?;
            let Some(entry) = allowed(&mut tx, &organization, &self).await? else { return Ok(tx) };
            if entry.attempt >= MOST_ATTEMPTS {
                exports::end(&mut tx, &entry, ExportCommand::Fail, Some(ExportFailure::Redactions)).await?;
                return Ok(tx);
            }
            let Some(entry) = exports::begin(&mut tx, &entry).await? else { return Ok(tx) };
            tx.commit().await?;
            // Files of earlier attempts.
            ctx.objects.delete_folder(&exports::folder(entry.organization_id, entry.id)).await?;
            let written = if entry.kind == ExportKind::AccessRequest {
                access_file::write(ctx, job, &entry, &organization.name).await?
            } else {
                write(ctx, job, &entry).await?
            };
            let Some(written) = written else { continue };
            let mut tx = ctx.pool.begin().await?;
            if let Some(now) = allowed(&mut tx, &organization, &self).await? {
                let days = organization.settings.export_file_days;
                if exports::finish(&mut tx, &now, entry.attempt, written, days).await? {
                    tracing::info!(export.id = %entry.id, rows = written.rows, bytes = written.bytes, "an export is written");
                    return Ok(tx);
                }
            }
            tx.commit().await?;
            ctx.objects.delete(&entry.object_key()).await?;
        }
    }
}

/// Returns a locked export that is not over; it ends when the admin that asked may do it no more.
async fn allowed(tx: &mut Tx, organization: &Organization, job: &Export) -> Result<Option<Entry>, JobError> {
    let Some(entry) = exports::lock(tx, organization.id, job.export_id).await? else {
        return Err(JobError::fail("the export does not exist"));
    };
    if entry.state.is_over() {
        return Ok(None);
    }
    let (by, groups, role) = (entry.created_by, entry.readers.as_deref(), entry.least_role());
    if rights::may_go_on(tx, organization, by, groups, role).await? {
        return Ok(Some(entry));
    }
    exports::end(tx, &entry, ExportCommand::Fail, Some(ExportFailure::NotAllowedAnyMore)).await?;
    tracing::warn!(export.id = %entry.id, "an export cannot go on: its admin may not any more");
    Ok(None)
}

/// Writes the file of an attempt; none when it is wanted no more, of which nothing is left.
async fn write(ctx: &Context, job: &ClaimedJob, entry: &Entry) -> Result<Option<Progress>, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let expected = exports::expected(&mut tx, entry).await?;
    let seen = Arc::new(Seen::default());
    let (to, from) = mpsc::channel(PIECES_WAITING);
    let copying = async {
        let to = to;
        Ok::<_, JobError>(exports::copy(&mut tx, entry, &to).await?)
    };
    let key = entry.object_key();
    let writing = async {
        let file = Box::pin(File::new(entry, from, Arc::clone(&seen)).stream());
        Ok::<_, JobError>(ctx.objects.put(&key, file, u64::MAX).await?)
    };
    let size = tokio::select! {
        written = async { tokio::try_join!(copying, writing) } => written?.1,
        told = tell(ctx, job, entry, expected, &seen) => {
            told?;
            return Ok(None);
        }
    };
    Ok(Some(seen.progress(size, expected)))
}

/// A file that is made of records.
struct File {
    from: mpsc::Receiver<Piece>,
    lines: Lines,
    values: Values,
    packer: Option<GzEncoder<Vec<u8>>>,
    seen: Arc<Seen>,
    begun: bool,
    ended: bool,
}

impl File {
    fn new(entry: &Entry, from: mpsc::Receiver<Piece>, seen: Arc<Seen>) -> Self {
        let packer = entry.gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast()));
        let lines = Lines::new(entry.format, &entry.chosen());
        Self { from, lines, values: Values::default(), packer, seen, begun: false, ended: false }
    }

    fn stream(self) -> impl Stream<Item = Result<Bytes, JobError>> {
        stream::try_unfold(self, |mut file| async move {
            let piece = file.next().await?;
            Ok(piece.map(|piece| (piece, file)))
        })
    }

    /// Returns the next piece of the file; none behind its end.
    async fn next(&mut self) -> Result<Option<Bytes>, JobError> {
        if self.ended {
            return Ok(None);
        }
        let piece = self.from.recv().await.ok_or_else(|| JobError::retry("the records ended in the middle"))?;
        let mut text = String::new();
        if !self.begun {
            self.begun = true;
            self.lines.begin(&mut text);
        }
        match piece {
            Some(records) => {
                let Self { values, lines, .. } = self;
                let rows = values.read(&records, |values| lines.put(&mut text, values.iter().copied()))?;
                self.seen.add(rows, 0);
            }
            None => self.ended = true,
        }
        self.seen.add(0, text.len());
        self.packed(text).map(Some).map_err(JobError::retry)
    }

    fn packed(&mut self, text: String) -> std::io::Result<Bytes> {
        let Some(packer) = &mut self.packer else { return Ok(text.into()) };
        packer.write_all(text.as_bytes())?;
        if self.ended {
            packer.try_finish()?;
        }
        Ok(std::mem::take(packer.get_mut()).into())
    }
}
