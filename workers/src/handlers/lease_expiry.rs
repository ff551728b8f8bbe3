//! `lease-expiry`: returns what is left of a batch whose lease ran out (rules B2 and B3).

use muster_jobs::payloads::LeaseExpiry;
use muster_storage::{Tx, engine::claim::ClaimedJob, goals::batches};

use crate::{Context, error::JobError};

pub(crate) async fn run(ctx: &Context, _job: &ClaimedJob, payload: LeaseExpiry) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    // A lease that was claimed anew, handed back or finished meanwhile is left alone.
    if batches::expire(&mut tx, payload.batch_id).await? {
        tracing::info!(batch.id = %payload.batch_id, "the lease ran out; what is left can be claimed again");
    }
    Ok(tx)
}
