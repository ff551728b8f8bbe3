//! The rows of a shard, gathered from what was read of every part.

use futures::{StreamExt, TryStreamExt, stream};
use muster_storage::{
    imports::Import,
    ingest::{
        parts::Sorting,
        rows::{self, Rows, Sorted},
    },
};

use super::rows_key;
use crate::{Context, error::JobError};

/// Pieces that are asked for at a time.
const AT_ONCE: usize = 8;

/// Reads a shard's piece of every part and sorts them together.
pub(crate) async fn gather(ctx: &Context, import: &Import, parts: &[Sorting], shard: u32) -> Result<Sorted, JobError> {
    let pieces = (0..).zip(parts).filter_map(|(number, part)| {
        let range = rows::piece(&part.starts, shard).filter(|range| !range.is_empty())?;
        let key = rows_key(import, number, part.epoch);
        Some(async move { ctx.objects.get_piece(&key, range).await })
    });
    let pieces: Vec<_> = stream::iter(pieces.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await?;
    let rows = Rows::read(pieces).ok_or_else(|| JobError::retry("a piece of the rows is damaged"))?;
    Ok(rows.sort(1))
}
