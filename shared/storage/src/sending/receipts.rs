//! The carrier's receipts: kept as they come, applied in bulk and monotonically (rule S8).

use std::collections::BTreeMap;

use muster_domain::{
    ids::{BrandId, MessageId, OrganizationId},
    sending::message::ReceiptStatus,
};
use muster_jobs::kinds::DeliveryReceipt;
use serde::Deserialize as _;
use serde_json::Value;
use uuid::Uuid;

use crate::{Result, Tx, db::error::read_word, sending};

/// Returns the shard that a message's receipts are in.
pub fn shard(message_id: MessageId) -> i16 {
    i16::from(message_id.0.as_bytes()[15]) % DeliveryReceipt::SHARDS
}

/// A receipt as the carrier tells it.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The message.
    pub message_id: MessageId,
    /// The carrier's id of it.
    pub carrier_sid: String,
    /// The message's status at the carrier.
    pub status: ReceiptStatus,
    /// The carrier's code for why it was not delivered.
    pub error_code: Option<i32>,
}

/// Keeps receipts until jobs apply them.
pub async fn record<'a>(tx: &mut Tx, receipts: impl Iterator<Item = &'a Receipt>) -> Result<()> {
    let (mut shards, mut messages, mut sids, mut statuses, mut codes) = (vec![], vec![], vec![], vec![], vec![]);
    for receipt in receipts {
        shards.push(shard(receipt.message_id));
        messages.push(receipt.message_id.0);
        sids.push(receipt.carrier_sid.as_str());
        statuses.push(receipt.status.as_str());
        codes.push(receipt.error_code);
    }
    sqlx::query!(
        "insert into receipt (shard, message_id, carrier_sid, status, error_code)
         select * from unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::int[])",
        &shards,
        &messages,
        &sids as &[&str],
        &statuses as &[&str],
        &codes as &[Option<i32>],
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
    let messages = taken.iter().map(message_of).collect::<Result<Vec<_>>>()?;
    let rows = sqlx::query_file!("src/sending/receipts_apply.sql", &taken, &messages).fetch_all(tx.conn()).await?;
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

fn message_of(receipt: &Value) -> Result<Uuid> {
    Ok(Uuid::deserialize(&receipt["message_id"])?)
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
