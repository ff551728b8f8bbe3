//! Answers to POSTs that carried an `Idempotency-Key`: the same request again gets the same answer
//! and does nothing.

use std::time::Duration;

use muster_domain::ids::MemberId;
use serde_json::Value;

use crate::{Result, Tx};

/// Former use of a key.
#[derive(Debug, Clone)]
pub struct Before {
    /// SHA-256 of the request.
    pub request_hash: Vec<u8>,
    /// The answer's status.
    pub status: u16,
    /// The answer's body.
    pub body: Value,
}

/// Claims a key in this transaction, so that another request with it waits for this one. Returns
/// its former use, if there is one.
pub async fn claim(tx: &mut Tx, member_id: MemberId, key: &str, request_hash: &[u8]) -> Result<Option<Before>> {
    let claimed = sqlx::query!(
        "insert into idempotency (member_id, key, request_hash, status, body) values ($1, $2, $3, 0, 'null')
         on conflict (member_id, key) do nothing",
        member_id.0,
        key,
        request_hash,
    )
    .execute(tx.conn())
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(None);
    }
    let row = sqlx::query!(
        "select request_hash, status, body from idempotency where member_id = $1 and key = $2",
        member_id.0,
        key,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Some(Before { request_hash: row.request_hash, status: row.status.unsigned_abs(), body: row.body }))
}

/// Keeps the answer, in the transaction that made it true.
pub async fn keep(tx: &mut Tx, member_id: MemberId, key: &str, status: u16, body: &Value) -> Result<()> {
    sqlx::query!(
        "update idempotency set status = $3, body = $4 where member_id = $1 and key = $2",
        member_id.0,
        key,
        i16::try_from(status).unwrap_or(i16::MAX),
        body,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets answers older than `age`.
pub async fn forget(tx: &mut Tx, age: Duration) -> Result<u64> {
    let done =
        sqlx::query!("delete from idempotency where created_at < now() - make_interval(secs => $1)", age.as_secs_f64())
            .execute(tx.conn())
            .await?;
    Ok(done.rows_affected())
}
