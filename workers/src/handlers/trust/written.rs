//! The progress of a file that is being written: it is told at intervals, and a cancel or a
//! redaction is heard by it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use muster_storage::{
    engine::claim::{self, ClaimedJob},
    trust::exports::{self, Export as Entry, Progress},
};

use crate::{Context, error::JobError};

/// How often progress is told, and asked whether the file is still wanted.
const EVERY: Duration = Duration::from_millis(500);

/// Records and bytes that were written so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl Seen {
    /// Adds to them.
    pub(super) fn add(&self, rows: u64, bytes: usize) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Returns the progress with a file of this size.
    pub(super) fn progress(&self, size: u64, expected: Option<i64>) -> Progress {
        Progress { rows: signed(self.rows.load(Ordering::Relaxed)), bytes: signed(size), expected }
    }
}

/// Tells at intervals how far the file is. Ends when it is wanted no more.
pub(super) async fn tell(
    ctx: &Context,
    job: &ClaimedJob,
    entry: &Entry,
    expected: Option<i64>,
    seen: &Seen,
) -> Result<(), JobError> {
    loop {
        tokio::time::sleep(EVERY).await;
        let progress = seen.progress(seen.bytes.load(Ordering::Relaxed), expected);
        // The handlers' pool has a connection for each of them, and this one's is copying.
        claim::progress(&ctx.engine_pool, job, progress.rows, expected, "records written").await?;
        if !exports::record_progress(&ctx.engine_pool, entry.id, entry.attempt, progress).await? {
            return Ok(());
        }
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
