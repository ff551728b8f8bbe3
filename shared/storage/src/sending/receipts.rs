//! The carrier's receipts: kept as they come, applied in bulk and monotonically (rule S8).

use std::collections::BTreeMap;

use muster_domain::{
    ids::{BrandId, MessageId, OrganizationId},
    sending::message::ReceiptStatus,
};
use muster_jobs::kinds::DeliveryReceipt;

use crate::{Result, Tx, db::error::read_word, sending};

/// Returns the shard that a message's receipts are in.
pub fn shard(message_id: MessageId) -> i16 {
    i16::from(message_id.0.as_bytes()[15]) % DeliveryReceipt::SHARDS
}

/// Keeps a receipt until a job applies it.
pub async fn record(
    tx: &mut Tx,
    message_id: MessageId,
    carrier_sid: &str,
    status: ReceiptStatus,
    error_code: Option<i32>,
) -> Result<()> {
    sqlx::query!(
        "insert into receipt (shard, message_id, carrier_sid, status, error_code) values ($1, $2, $3, $4, $5)",
        shard(message_id),
        message_id.0,
        carrier_sid,
        status.as_str(),
        error_code,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A receipt that moved a message.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The message.
    pub message_id: MessageId,
    /// Its tenant.
    pub organization_id: OrganizationId,
    /// The brand that it was sent under.
    pub brand_id: BrandId,
    /// The receipt's status.
    pub status: ReceiptStatus,
    /// The carrier's code for why it was not delivered.
    pub error_code: Option<i32>,
}

/// The work of one call of [`apply`].
#[derive(Debug, Clone)]
pub struct AppliedReceipts {
    /// Receipts that were taken.
    pub taken: usize,
    /// Receipts that moved a message.
    pub applied: Vec<Applied>,
}

/// Takes up to `limit` receipts of a shard and applies them, the furthest for each message. Their
/// segments are left for [`settle`], which comes last, because others wait for the ledger's row.
pub async fn apply(tx: &mut Tx, shard: i16, limit: i64) -> Result<AppliedReceipts> {
    let taken = sqlx::query_scalar!(
        "delete from receipt where id in (select id from receipt where shard = $1 order by id limit $2 for update skip locked)
         returning to_jsonb(receipt)",
        shard,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    let count = taken.len();
    let taken: Vec<_> = taken.into_iter().flatten().collect();
    let rows = sqlx::query_file!("src/sending/receipts_apply.sql", &taken).fetch_all(tx.conn()).await?;
    let mut applied = Vec::with_capacity(rows.len());
    for row in rows {
        applied.push(Applied {
            message_id: MessageId(row.id),
            organization_id: OrganizationId(row.organization_id),
            brand_id: BrandId(row.brand_id),
            status: read_word("receipt", &row.status)?,
            error_code: row.error_code,
        });
    }
    Ok(AppliedReceipts { taken: count, applied })
}

/// A receipt proves that the carrier has the message: its segments are settled.
pub async fn settle(tx: &mut Tx, applied: &[Applied]) -> Result<()> {
    // Nearly always the hand-over has settled them before, and nobody waits for the ledgers.
    let open = sqlx::query_scalar!(
        "select id from message where id = any($1) and cap_carrier is not null and cap_state is distinct from 'settled'",
        &applied.iter().map(|receipt| receipt.message_id.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    let mut by_brand: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for receipt in applied.iter().filter(|receipt| open.contains(&receipt.message_id.0)) {
        by_brand.entry(receipt.brand_id).or_default().push(receipt.message_id);
    }
    for (brand_id, ids) in by_brand {
        sending::lock_ledgers(tx, brand_id, &ids).await?;
        sending::settle_caps(tx, brand_id, &ids).await?;
    }
    Ok(())
}
