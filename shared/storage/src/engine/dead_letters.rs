//! Dead letters: messages of the broker that cannot be decoded, kept as they came.

use super::storable;
use crate::{Pool, Result};

/// Bytes of a body that are kept.
const BODY_BYTES_KEPT: usize = 64 * 1024;

/// Stores a dead letter.
pub async fn store(pool: &Pool, queue: &str, body: &[u8], error: &str) -> Result<()> {
    sqlx::query!(
        "insert into dead_letter (queue, body, error) values ($1, $2, $3)",
        queue,
        &body[..body.len().min(BODY_BYTES_KEPT)],
        storable(error),
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(())
}
