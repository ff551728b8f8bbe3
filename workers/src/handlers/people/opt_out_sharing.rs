//! `opt-out-sharing`: writes an account's opt-outs from before to its other organizations, a slice
//! at a time (rule I3).

use muster_jobs::kinds::{OptOutPlace, OptOutSharing};
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    people::account_words::{self, Place},
};

use crate::{Context, Leased, error::JobError};

/// Opt-outs of one transaction. The rows of their numbers are locked as long as it takes.
const SLICE: i64 = 200;
/// Transactions of one job.
const SLICES: usize = 25;

impl Leased for OptOutSharing {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut tx = ctx.pool.begin().await?;
        let mut place = match self.after {
            Some(OptOutPlace { organization_id, contact }) => Some(Place { organization_id, contact }),
            None => account_words::first_place(&mut tx, self.account_id, self.since).await?,
        };
        for _ in 0..SLICES {
            let Some(here) = place else { break };
            tx.commit().await?;
            tx = ctx.pool.begin().await?;
            place = account_words::catch_up(&mut tx, self.account_id, self.since, here, SLICE).await?;
        }
        if let Some(Place { organization_id, contact }) = place {
            let after = Some(OptOutPlace { organization_id, contact });
            enqueue(&mut tx, &Self { after, ..self }, &ctx.origin(job)).await?;
        }
        Ok(tx)
    }
}
