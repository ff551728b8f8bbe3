//! `lease-expiry`: returns the rest of a batch with an expired lease (rules B2 and B3).

use muster_jobs::kinds::LeaseExpiry;
use muster_storage::{Tx, engine::claim::ClaimedJob, goals::batches};

use crate::{Context, Leased, error::JobError};

impl Leased for LeaseExpiry {
    async fn run(self, ctx: &Context, _job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut tx = ctx.pool.begin().await?;
        // A lease that was claimed anew, handed back or finished meanwhile is left alone.
        if batches::expire(&mut tx, self.batch_id).await? {
            tracing::info!(batch.id = %self.batch_id, "the lease ran out; what is left can be claimed again");
        }
        Ok(tx)
    }
}
