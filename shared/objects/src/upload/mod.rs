//! Writing a stream: in one piece if it is small, else by `object_store`'s multipart writer. Until
//! it is complete nothing of it is visible, and an upload that breaks off is aborted.

use async_trait::async_trait;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use object_store::{
    MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, PutPayloadMut, PutResult, UploadPart, WriteMultipart,
    path::Path,
};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use crate::Error;

/// Pieces that may be on their way at a time, beside the one that is gathered: with their size, the
/// memory of a write.
const PIECES_AT_ONCE: usize = 2;

/// Writes a stream under a path, in pieces of one size of which the last is smaller: some stores
/// take no others. Returns its size. A stream that fails, or has more bytes than `limit`, leaves
/// nothing; one that is dropped is aborted behind its caller's back.
pub(crate) async fn write<S, E>(
    store: &dyn ObjectStore,
    path: &Path,
    piece: usize,
    mut source: S,
    limit: u64,
) -> Result<u64, Error>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let (mut gathered, mut size) = (PutPayloadMut::new(), 0);
    while gathered.content_length() < piece {
        match next(&mut source, &mut size, limit).await? {
            Some(chunk) => gathered.push(chunk),
            None => {
                store.put(path, gathered.freeze()).await?;
                return Ok(size);
            }
        }
    }
    let upload = Aborting::new(store.put_multipart(path).await?);
    let mut writer = WriteMultipart::new_with_chunk_size(Box::new(upload), piece);
    match write_all(&mut writer, gathered, piece, &mut source, &mut size, limit).await {
        Ok(()) => writer.finish().await?,
        Err(error) => {
            writer.abort().await?;
            return Err(error);
        }
    };
    Ok(size)
}

/// Hands the writer what was gathered and the rest of the stream, as fast as the store takes it.
async fn write_all<S, E>(
    writer: &mut WriteMultipart,
    gathered: PutPayloadMut,
    piece: usize,
    source: &mut S,
    size: &mut u64,
    limit: u64,
) -> Result<(), Error>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    for chunk in gathered.freeze() {
        put(writer, chunk, piece).await?;
    }
    while let Some(chunk) = next(source, size, limit).await? {
        put(writer, chunk, piece).await?;
    }
    Ok(())
}

/// Writes a chunk, however large it is: each stretch of it completes one piece at most, and none is
/// begun while as many are on their way as may be.
async fn put(writer: &mut WriteMultipart, mut chunk: Bytes, piece: usize) -> Result<(), Error> {
    while !chunk.is_empty() {
        writer.wait_for_capacity(PIECES_AT_ONCE).await?;
        writer.put(chunk.split_to(piece.min(chunk.len())));
    }
    Ok(())
}

/// Returns the stream's next chunk, counted; `None` at its end.
async fn next<S, E>(source: &mut S, size: &mut u64, limit: u64) -> Result<Option<Bytes>, Error>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    let Some(chunk) = source.next().await else { return Ok(None) };
    let chunk = chunk.map_err(|error| Error::Source(error.to_string()))?;
    *size += chunk.len() as u64;
    if *size > limit {
        return Err(Error::TooLarge { limit });
    }
    Ok(Some(chunk))
}

/// A multipart upload that is aborted when it is dropped before its end, as when a client goes
/// away. Parts on their way are waited for before: those that the store took after the abort would
/// stay.
#[derive(Debug)]
struct Aborting {
    /// None once it is over.
    upload: Option<Box<dyn MultipartUpload>>,
    parts: TaskTracker,
}

impl Aborting {
    fn new(upload: Box<dyn MultipartUpload>) -> Self {
        Self { upload: Some(upload), parts: TaskTracker::new() }
    }

    /// Takes the upload out; the future ends when the store has forgotten it. Parts that cannot be
    /// aborted are invisible, and are left to the store's own rule for such.
    fn end(&mut self) -> Option<impl Future<Output = ()> + Send + 'static> {
        let mut upload = self.upload.take()?;
        let parts = self.parts.clone();
        parts.close();
        Some(async move {
            parts.wait().await;
            let _gone = upload.abort().await;
        })
    }
}

#[async_trait]
impl MultipartUpload for Aborting {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let Some(upload) = self.upload.as_mut() else {
            return Box::pin(async { Err(over()) });
        };
        // On a task of its own, which goes on when the writer is dropped.
        let part = self.parts.spawn(upload.put_part(data));
        Box::pin(async move { part.await? })
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        let done = self.upload.as_mut().ok_or_else(over)?.complete().await?;
        self.upload = None;
        Ok(done)
    }

    async fn abort(&mut self) -> object_store::Result<()> {
        if let Some(end) = self.end() {
            // It goes on when its caller goes away.
            Handle::current().spawn(end).await?;
        }
        Ok(())
    }
}

impl Drop for Aborting {
    fn drop(&mut self) {
        if let Ok(runtime) = Handle::try_current()
            && let Some(end) = self.end()
        {
            runtime.spawn(end);
        }
    }
}

/// Returns the error of a call after the end, which the writer does not make.
fn over() -> object_store::Error {
    object_store::Error::Generic { store: "upload", source: "the upload is over".into() }
}

#[cfg(test)]
mod tests;
