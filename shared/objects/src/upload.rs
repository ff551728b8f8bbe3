//! Writing an object larger than one piece. Until it is complete nothing of it is visible, and an
//! upload that breaks off is taken back.

use bytes::Bytes;
use futures::{Stream, StreamExt, stream::Fuse};
use object_store::{MultipartUpload, PutPayload};
use tokio::{runtime::Handle, task::JoinSet};

use crate::Error;

/// Pieces that may be on their way at a time, beside the one that is gathered: with their size, the
/// memory of a write.
const PIECES_AT_ONCE: usize = 2;

/// A stream as pieces of one size, of which the last is smaller: some stores take no others.
pub(crate) struct Pieces<S: Stream> {
    source: Fuse<S>,
    /// Bytes of the last piece that are part of the next.
    rest: Bytes,
    piece: usize,
    limit: u64,
    /// Bytes that came.
    pub(crate) size: u64,
}

impl<S, E> Pieces<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    pub(crate) fn new(source: S, piece: usize, limit: u64) -> Self {
        Self { source: source.fuse(), rest: Bytes::new(), piece, limit, size: 0 }
    }

    /// Returns the next piece; the last is smaller than the others, and may be empty.
    pub(crate) async fn next(&mut self) -> Result<PutPayload, Error> {
        let (mut gathered, mut missing) = (Vec::new(), self.piece);
        while missing > 0 {
            if self.rest.is_empty() {
                match self.source.next().await {
                    Some(Ok(chunk)) => self.rest = chunk,
                    Some(Err(error)) => return Err(Error::Source(error.to_string())),
                    None => break,
                }
                self.size += self.rest.len() as u64;
                if self.size > self.limit {
                    return Err(Error::TooLarge { limit: self.limit });
                }
            }
            let taken = self.rest.split_to(missing.min(self.rest.len()));
            missing -= taken.len();
            gathered.push(taken);
        }
        Ok(gathered.into_iter().collect())
    }
}

/// An upload that has begun. One that is dropped before its end, as when a client goes away, is
/// taken back behind its caller's back.
pub(crate) struct Upload {
    /// Nothing once it is over.
    upload: Option<Box<dyn MultipartUpload>>,
    parts: JoinSet<object_store::Result<()>>,
}

impl Upload {
    pub(crate) fn new(upload: Box<dyn MultipartUpload>) -> Self {
        Self { upload: Some(upload), parts: JoinSet::new() }
    }

    /// Writes pieces until they are over. If that fails, nothing is kept.
    pub(crate) async fn write<S, E>(mut self, first: PutPayload, pieces: &mut Pieces<S>) -> Result<(), Error>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        let done = self.all(first, pieces).await;
        if done.is_err()
            && let Some(upload) = self.upload.as_mut()
        {
            take_back(upload.as_mut(), &mut self.parts).await;
        }
        self.upload = None;
        done
    }

    async fn all<S, E>(&mut self, first: PutPayload, pieces: &mut Pieces<S>) -> Result<(), Error>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: std::fmt::Display,
    {
        let Some(upload) = self.upload.as_mut() else { return Ok(()) };
        let mut piece = first;
        while piece.content_length() > 0 {
            while self.parts.len() >= PIECES_AT_ONCE {
                joined(&mut self.parts).await?;
            }
            self.parts.spawn(upload.put_part(piece));
            piece = pieces.next().await?;
        }
        while !self.parts.is_empty() {
            joined(&mut self.parts).await?;
        }
        upload.complete().await?;
        Ok(())
    }
}

/// Waits for a part to be written.
async fn joined(parts: &mut JoinSet<object_store::Result<()>>) -> object_store::Result<()> {
    match parts.join_next().await {
        Some(done) => done?,
        None => Ok(()),
    }
}

/// Takes an upload back. Parts on their way are waited for: those that came after it would stay. A
/// part that cannot be taken back is invisible, and is left to the store's own rule for such.
async fn take_back(upload: &mut dyn MultipartUpload, parts: &mut JoinSet<object_store::Result<()>>) {
    while parts.join_next().await.is_some() {}
    let _gone = upload.abort().await;
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(mut upload) = self.upload.take()
            && let Ok(runtime) = Handle::try_current()
        {
            let mut parts = std::mem::take(&mut self.parts);
            runtime.spawn(async move { take_back(upload.as_mut(), &mut parts).await });
        }
    }
}
