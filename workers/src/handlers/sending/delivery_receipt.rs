//! `delivery-receipt`: applies a shard's receipts in bulk (rule S8), and the meaning of their codes
//! for contacts and brands (rule S7).

use chrono::TimeDelta;
use muster_carrier::codes::{self, ReceiptAction};
use muster_domain::sending::brand_hold::BrandHoldReason;
use muster_jobs::kinds::DeliveryReceipt;
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    sending::{
        self, rates,
        receipts::{self, Applied, AppliedReceipts},
    },
};

use crate::{Context, Leased, error::JobError};

/// Receipts that one job applies; the rest goes to another.
const ROUND: i64 = 2_000;

impl Leased for DeliveryReceipt {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut tx = ctx.pool.begin_repeated().await?;
        let AppliedReceipts { taken, applied } = receipts::apply(&mut tx, self.shard, ROUND).await?;
        let (mut not_textable, mut opted_out) = (Vec::new(), Vec::new());
        for receipt in &applied {
            match receipt.error_code.map(codes::receipt_action) {
                Some(ReceiptAction::NotTextable(line)) => not_textable.push((receipt.message_id, line)),
                Some(ReceiptAction::OptedOut) => opted_out.push(receipt.message_id),
                _ => {}
            }
        }
        sending::mark_opted_out(&mut tx, &opted_out).await?;
        sending::mark_not_textable(&mut tx, &not_textable).await?;
        // After contacts, as when texts are handed over.
        receipts::settle(&mut tx, &applied).await?;
        hold_brands(ctx, &mut tx, &applied).await?;
        if i64::try_from(taken) == Ok(ROUND) {
            enqueue(&mut tx, &self, &ctx.origin(job)).await?;
        }
        tracing::debug!(taken, applied = applied.len(), "applied receipts");
        Ok(tx)
    }
}

/// Holds the brands with receipts that ask for it: for some seconds, until the carrier day turns,
/// or until an admin has looked.
async fn hold_brands(ctx: &Context, tx: &mut Tx, applied: &[Applied]) -> Result<(), JobError> {
    let now = tx.clock().await?;
    for receipt in applied {
        let Some(code) = receipt.error_code else { continue };
        let (reason, until) = match codes::receipt_action(code) {
            ReceiptAction::None | ReceiptAction::NotTextable(_) | ReceiptAction::OptedOut => continue,
            ReceiptAction::SlowDown(seconds) => {
                (BrandHoldReason::Carrier, Some(now + TimeDelta::seconds(seconds.into())))
            }
            ReceiptAction::CapReached => (BrandHoldReason::Cap, Some(ctx.calendar.next_day_starts(now))),
            ReceiptAction::StopAll => (BrandHoldReason::Carrier, None),
        };
        tracing::warn!(message.id = %receipt.message_id, carrier.code = code, "the carrier asks to hold the brand");
        rates::hold_brand(tx, receipt.brand_id, reason, until, code).await?;
    }
    Ok(())
}
