//! An object as the reader wants it: something that can be read and sought in, on a thread of its
//! own.

use std::{
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
};

use bytes::{Buf, Bytes};
use muster_objects::Objects;
use tokio::runtime::Handle;

/// Bytes that are asked for at a time.
const BLOCK: u64 = 1024 * 1024;

/// A stretch of an object. It waits for the object store where it is read, so it belongs on a
/// thread that may wait.
#[derive(Debug)]
pub(crate) struct ObjectReader {
    objects: Objects,
    runtime: Handle,
    key: String,
    /// The stretch that is read of the object.
    range: Range<u64>,
    /// Where the next byte is, and the block that begins there.
    at: u64,
    block: Bytes,
}

impl ObjectReader {
    /// Reads a stretch of an object. Called where tasks run.
    pub(crate) fn new(objects: Objects, key: String, range: Range<u64>) -> Self {
        Self { objects, runtime: Handle::current(), key, at: range.start, range, block: Bytes::new() }
    }
}

impl Read for ObjectReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.block.is_empty() {
            let end = self.range.end.min(self.at + BLOCK);
            self.block =
                self.runtime.block_on(self.objects.get_piece(&self.key, self.at..end)).map_err(io::Error::other)?;
        }
        let size = out.len().min(self.block.len());
        out[..size].copy_from_slice(&self.block[..size]);
        self.block.advance(size);
        self.at += size as u64;
        Ok(size)
    }
}

impl Seek for ObjectReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (base, by) = match to {
            SeekFrom::Start(at) => (self.range.start, i64::try_from(at).map_err(io::Error::other)?),
            SeekFrom::End(by) => (self.range.end, by),
            SeekFrom::Current(by) => (self.at, by),
        };
        let at = base.checked_add_signed(by).filter(|at| *at >= self.range.start);
        let at = at.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "before the beginning"))?;
        // The rest of the block still serves when the way is short.
        match at.checked_sub(self.at).and_then(|ahead| usize::try_from(ahead).ok()) {
            Some(ahead) if ahead <= self.block.len() => self.block.advance(ahead),
            _ => self.block = Bytes::new(),
        }
        self.at = at;
        Ok(at - self.range.start)
    }
}
