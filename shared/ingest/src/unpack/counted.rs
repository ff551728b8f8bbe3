//! How much of a file was read, and whether it was the source that failed.

use std::{
    io::{self, Read},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// Bytes of a file that were read so far; shows the same from any thread.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<State>);

#[derive(Debug, Default)]
struct State {
    bytes: AtomicU64,
    failed: AtomicBool,
}

impl Progress {
    /// Packed bytes that were read.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// Returns whether the source failed. Then the file's contents are not to blame.
    pub(super) fn source_failed(&self) -> bool {
        self.0.failed.load(Ordering::Relaxed)
    }
}

/// Counts the bytes that are read from the source.
pub(super) struct Counted<R> {
    source: R,
    progress: Progress,
}

impl<R> Counted<R> {
    pub(super) fn new(source: R, progress: Progress) -> Self {
        Self { source, progress }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.source.read(out) {
                Ok(size) => {
                    self.progress.0.bytes.fetch_add(size as u64, Ordering::Relaxed);
                    return Ok(size);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.progress.0.failed.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
    }
}
