//! `delivery-receipt`: applies a shard's receipts in bulk (rule S8), and what their codes say about contacts (rule S7).

use muster_carrier::codes;
use muster_jobs::payloads::DeliveryReceipt;
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    receipts, sending,
};

use crate::{Context, error::JobError};

/// Receipts that one job applies; what is left goes to another.
const ROUND: i64 = 2_000;

pub(crate) async fn run(ctx: &Context, job: &ClaimedJob, payload: DeliveryReceipt) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let (taken, applied) = receipts::apply(&mut tx, payload.shard, ROUND).await?;
    let of = |wanted: codes::ReceiptAction| -> Vec<_> {
        applied
            .iter()
            .filter(|receipt| receipt.error_code.is_some_and(|code| codes::receipt_action(code) == wanted))
            .map(|receipt| receipt.message_id)
            .collect()
    };
    sending::mark_not_textable(&mut tx, &of(codes::ReceiptAction::NotTextable)).await?;
    sending::mark_opted_out(&mut tx, &of(codes::ReceiptAction::OptedOut)).await?;
    if i64::try_from(taken) == Ok(ROUND) {
        enqueue(&mut tx, &payload, &ctx.origin(job)).await?;
    }
    tracing::debug!(taken, applied = applied.len(), "applied receipts");
    Ok(tx)
}
