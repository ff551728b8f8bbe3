//! The compression of a file, told by its first bytes and never by its name, and a `Read` over its
//! contents in flat memory.
//!
//! Gzip (also of several members), zstd (also of several frames) and zip with one file in it are
//! unpacked. A file that is damaged, cut off, encrypted, or holds several files or none is refused
//! (rule C15), and so is one that unpacks to more than it can reasonably hold. Contents that are
//! compressed once more are refused by [`crate::sniff`].

mod counted;
mod zip;
mod zstd;

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use flate2::read::{DeflateDecoder, MultiGzDecoder};

use counted::Counted;
pub use counted::Progress;

use muster_domain::imports::Compression;

use crate::{
    ReadError, Refused,
    limits::{GLANCE_WINDOW, MAX_RATIO, MAX_UNPACKED, MAX_WINDOW, RATIO_FROM},
};

/// Bytes of a file that [`compression`] wants to see.
pub const MAGIC: usize = 4;

/// Tells a file's compression by its first bytes; `None` when it has none.
pub fn compression(head: &[u8]) -> Option<Compression> {
    match head {
        [0x1f, 0x8b, ..] => Some(Compression::Gzip),
        // A frame, or one to be skipped that stands before it.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Compression::Zstd),
        // The second is an archive without any file.
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Compression::Zip),
        _ => None,
    }
}

/// The contents of a file. Errors that carry [`Refused`] are about the file, others are the
/// source's.
pub struct Unpacked<R: Read> {
    compression: Option<Compression>,
    inner: Inner<R>,
    progress: Progress,
    limit: u64,
    unpacked: u64,
}

/// Where packed bytes come from: the first ones again, which told the compression, and the rest.
type Source<R> = Counted<io::Chain<Cursor<Vec<u8>>, io::Take<R>>>;

enum Inner<R: Read> {
    Plain(Source<R>),
    Gzip(MultiGzDecoder<Source<R>>),
    Zstd(Box<zstd::Frames<Source<R>>>),
    Stored(zip::Checked<Source<R>>),
    Deflated(zip::Checked<DeflateDecoder<Source<R>>>),
}

impl<R: Read> Unpacked<R> {
    /// Unpacks a stream. A zip archive's directory is at its end: it is refused here, and wants
    /// [`Unpacked::open`].
    pub fn stream(source: R, limit: u64) -> Result<Self, ReadError> {
        Self::within(source, limit, MAX_WINDOW)
    }

    /// Unpacks the beginning of a stream, in little memory. A source that needs more of it is an
    /// error, and not the file's fault.
    pub(crate) fn glance(source: R) -> Result<Self, ReadError> {
        Self::within(source, MAX_UNPACKED, GLANCE_WINDOW)
    }

    fn within(mut source: R, limit: u64, window: u64) -> Result<Self, ReadError> {
        let mut head = Vec::with_capacity(MAGIC);
        source.by_ref().take(MAGIC as u64).read_to_end(&mut head)?;
        let compression = compression(&head);
        let progress = Progress::default();
        let source = Counted::new(Cursor::new(head).chain(source.take(u64::MAX)), progress.clone());
        let inner = match compression {
            None => Inner::Plain(source),
            Some(Compression::Gzip) => Inner::Gzip(MultiGzDecoder::new(source)),
            Some(Compression::Zstd) => Inner::Zstd(Box::new(zstd::Frames::new(source, window))),
            Some(Compression::Zip) => return Err(ReadError::refused("a zip file cannot be read as a stream")),
        };
        Ok(Self { compression, inner, progress, limit, unpacked: 0 })
    }

    /// Returns the compression of the file; `None` when it has none.
    pub fn compression(&self) -> Option<Compression> {
        self.compression
    }

    /// Bytes of the file itself that were read so far, wherever this reader has gone.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    fn bounded(&self) -> Result<(), Refused> {
        if self.compression.is_none() {
            return Ok(());
        }
        if self.unpacked > self.limit {
            return Err(Refused(format!("the file unpacks to more than {}", size(self.limit))));
        }
        if self.unpacked > RATIO_FROM && self.unpacked / MAX_RATIO > self.progress.bytes() {
            return Err(Refused(format!("the file unpacks to more than {MAX_RATIO} times its size")));
        }
        Ok(())
    }
}

impl<R: Read + Seek> Unpacked<R> {
    /// Unpacks a file that can be sought in.
    pub fn open(mut source: R, limit: u64) -> Result<Self, ReadError> {
        let mut head = Vec::with_capacity(MAGIC);
        source.by_ref().take(MAGIC as u64).read_to_end(&mut head)?;
        source.seek(SeekFrom::Start(0))?;
        if compression(&head) != Some(Compression::Zip) {
            return Self::stream(source, limit);
        }
        let (mut source, entry) = zip::only_file(source)?;
        source.seek(SeekFrom::Start(entry.start))?;
        let progress = Progress::default();
        let source = Counted::new(Cursor::new(Vec::new()).chain(source.take(entry.packed)), progress.clone());
        let inner = if entry.deflated {
            Inner::Deflated(zip::Checked::new(DeflateDecoder::new(source), &entry))
        } else {
            Inner::Stored(zip::Checked::new(source, &entry))
        };
        Ok(Self { compression: Some(Compression::Zip), inner, progress, limit, unpacked: 0 })
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let (name, read) = match &mut self.inner {
            Inner::Plain(inner) => return inner.read(out),
            Inner::Gzip(inner) => ("gzip", inner.read(out)),
            Inner::Zstd(inner) => ("zstd", inner.read(out)),
            Inner::Stored(inner) => ("zip", inner.read(out)),
            Inner::Deflated(inner) => ("zip", inner.read(out)),
        };
        let size = read.map_err(|error| {
            let refused = error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Refused>);
            if refused || self.progress.source_failed() || error.kind() == io::ErrorKind::OutOfMemory {
                error
            } else {
                Refused(format!("the {name} file is damaged or not complete")).into()
            }
        })?;
        self.unpacked += size as u64;
        self.bounded()?;
        Ok(size)
    }
}

/// Returns the contents of a zip archive's first file, of which `source` reads from a place on:
/// `None` where the beginning does not tell that an import would read this file.
pub(crate) fn zip_beginning<R: Read>(
    beginning: &[u8],
    source: impl FnOnce(usize) -> R,
) -> Result<Option<DeflateDecoder<R>>, Refused> {
    Ok(zip::first_file(beginning)?.map(|start| DeflateDecoder::new(source(start))))
}

/// Bytes in words, in the largest unit in which they are a whole number.
fn size(bytes: u64) -> String {
    let mut units = ["bytes", "KiB", "MiB", "GiB"].iter();
    let (mut bytes, mut unit) = (bytes, units.next().unwrap_or(&""));
    while bytes > 0 && bytes.is_multiple_of(1024) {
        let Some(larger) = units.next() else { break };
        (bytes, unit) = (bytes / 1024, larger);
    }
    format!("{bytes} {unit}")
}
