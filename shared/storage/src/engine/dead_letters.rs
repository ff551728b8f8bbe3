//! Dead letters: messages of the broker that cannot be decoded, kept as they came.

use chrono::{DateTime, Utc};
use muster_jobs::Envelope;
use uuid::Uuid;

use super::storable;
use crate::{Page, Pool, Result};

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

/// A dead letter without its body, which may be anybody's words.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// The row.
    pub id: Uuid,
    /// The queue that it came from.
    pub queue: String,
    /// The fault of it.
    pub error: String,
    /// Bytes of its body that are kept.
    pub bytes: i32,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// The outcome of reading a dead letter again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed {
    /// Its jobs that were in the broker are published anew, and it is gone.
    Published,
    /// There is no such letter.
    Gone,
    /// This version cannot decode it either.
    Undecodable(String),
}

/// Reads a dead letter again. A job is its row, so that its publication is all that a message can
/// stand for; publishing it once more is harmless (engine promise J3).
pub async fn replay(pool: &Pool, id: Uuid) -> Result<Replayed> {
    let mut tx = pool.begin().await?;
    let body = sqlx::query_scalar!("delete from dead_letter where id = $1 returning body", id)
        .fetch_optional(tx.conn())
        .await?;
    let Some(body) = body else { return Ok(Replayed::Gone) };
    let envelope = match Envelope::decode(&body) {
        Ok(envelope) => envelope,
        Err(error) => return Ok(Replayed::Undecodable(error.to_string())),
    };
    sqlx::query!(
        "update job set state = 'pending', published_at = null where id = any($1) and state = 'published'",
        &envelope.jobs.iter().map(|job| job.id.0).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    tx.has_enqueued();
    tx.commit().await?;
    Ok(Replayed::Published)
}

/// Returns a page of dead letters, the newest first.
pub async fn page(pool: &Pool, page: Page<Uuid>) -> Result<Vec<DeadLetter>> {
    let rows = sqlx::query!(
        r#"select id, queue, error, length(body) as "bytes!", received_at from dead_letter
           where $1::uuid is null or id < $1 order by id desc limit $2"#,
        page.after,
        page.limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| DeadLetter {
            id: row.id,
            queue: row.queue,
            error: row.error,
            bytes: row.bytes,
            received_at: row.received_at,
        })
        .collect())
}
