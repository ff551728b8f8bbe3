//! `job-act`: an operator's act on all jobs that match a filter, a second's worth each second,
//! until none is left, too many fail, or an operator stops it.

use std::time::Duration;

use muster_jobs::kinds::JobAct;
use muster_service::clock;
use muster_storage::{
    Tx,
    engine::{
        acts::{self, Step},
        claim::{self, ClaimedJob},
        enqueue::enqueue,
    },
};

use crate::{Context, Leased, error::JobError};

/// Time between two steps.
const PACE: Duration = Duration::from_secs(1);

/// After this time the rest is left to another job.
const LONG_ENOUGH: Duration = Duration::from_mins(1);

impl Leased for JobAct {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        let started = clock::start();
        loop {
            let mut tx = ctx.pool.begin().await?;
            // Another attempt may go on with it by now.
            claim::fence(&mut tx, job).await?;
            let step = acts::step(&mut tx, self.job_act_id).await?;
            if step == Step::Over {
                tracing::info!(act.id = %self.job_act_id, "an act on many jobs is over");
                return Ok(tx);
            }
            if started.elapsed() >= LONG_ENOUGH || ctx.stopping.is_cancelled() || *ctx.draining.borrow() {
                enqueue(&mut tx, &self, &ctx.origin(job)).await?;
                return Ok(tx);
            }
            tx.commit().await?;
            // Between two steps nothing is held: a worker that stops leaves the rest to another.
            let _stopping = ctx.stopping.run_until_cancelled(tokio::time::sleep(PACE)).await;
        }
    }
}
