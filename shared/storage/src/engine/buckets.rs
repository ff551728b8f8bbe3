//! Token buckets of rates.

use muster_domain::engine::bucket::{Bucket, BucketKind, Empty, Rate};

use crate::{Result, Tx};

/// Buckets that are forgotten at a time, when they are full again.
const FORGOTTEN_AT_ONCE: i64 = 50;

/// Takes up to `wanted` tokens out of a bucket; returns how many it gave. A refusal changes
/// nothing. Requests that take out of one bucket at the same time take turns until their
/// transactions end.
pub async fn take(
    tx: &mut Tx,
    kind: BucketKind,
    subject: &[u8],
    rate: Rate,
    wanted: u32,
) -> Result<Result<u32, Empty>> {
    // One that is there is locked, and left as it is.
    let row = sqlx::query!(
        "insert into rate_bucket (kind, subject, tokens, at, full_at) values ($1, $2, $3, clock_timestamp(), clock_timestamp())
         on conflict (kind, subject) do update set tokens = rate_bucket.tokens
         returning tokens, at, clock_timestamp() as \"now!\"",
        kind.as_str(),
        subject,
        f64::from(rate.tokens),
    )
    .fetch_one(tx.conn())
    .await?;
    let (before, now) = (Some(Bucket { tokens: row.tokens, at: row.at }), row.now);
    let (after, taken) = match Bucket::take(before, rate, wanted, now) {
        Ok(taken) => taken,
        Err(empty) => return Ok(Err(empty)),
    };
    sqlx::query!(
        "update rate_bucket set tokens = $3, at = $4, full_at = $5 where kind = $1 and subject = $2",
        kind.as_str(),
        subject,
        after.tokens,
        after.at,
        after.full_at(rate),
    )
    .execute(tx.conn())
    .await?;
    Ok(Ok(taken))
}

/// Forgets some of the buckets that are full again: a bucket that is not there is full.
pub async fn forget(tx: &mut Tx) -> Result<()> {
    sqlx::query!(
        "delete from rate_bucket b using (
             select kind, subject from rate_bucket where full_at < clock_timestamp() - interval '1 minute'
             limit $1 for update skip locked
         ) full_again where b.kind = full_again.kind and b.subject = full_again.subject",
        FORGOTTEN_AT_ONCE,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
