//! The rows of a shard, gathered from every part.

use futures::{StreamExt, TryStreamExt, stream};
use muster_storage::{
    Db,
    imports::{
        Import, parts,
        rows::{Rows, Sorted},
    },
};

use super::steps::rows_key;
use crate::{Context, error::JobError};

/// Pieces that are asked for at a time.
const AT_ONCE: usize = 8;

/// Reads a shard's piece of every part and sorts them together. A caller that has a transaction
/// looks them up in it.
pub(crate) async fn gather(
    ctx: &Context,
    db: impl Into<Db<'_>>,
    import: &Import,
    shard: u32,
) -> Result<Sorted, JobError> {
    let pieces = parts::pieces(db, import.id, shard).await?.into_iter().map(|piece| {
        let key = rows_key(import, piece.part, piece.epoch);
        async move { ctx.objects.get_piece(&key, piece.bytes).await }
    });
    let pieces: Vec<_> = stream::iter(pieces.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await?;
    let rows = Rows::read(pieces).ok_or_else(|| JobError::retry("a piece of the rows is damaged"))?;
    Ok(rows.sort(1))
}
