//! Messages of the broker that cannot be decoded: parked as they came.

use super::storable;
use crate::{Pool, Result};

/// Bytes of a body that are kept.
const KEPT: usize = 64 * 1024;

/// Parks a message.
pub async fn park(pool: &Pool, queue: &str, body: &[u8], error: &str) -> Result<()> {
    sqlx::query!(
        "insert into dead_letter (queue, body, error) values ($1, $2, $3)",
        queue,
        &body[..body.len().min(KEPT)],
        storable(error),
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(())
}
