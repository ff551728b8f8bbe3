//! `import-end`: adds up the outcome of every row (rule C7), and tidies; of an import that was
//! refused, it only tidies.

use muster_jobs::kinds::ImportEnd;
use muster_storage::{
    Tx,
    engine::claim::ClaimedJob,
    imports::{self, End, parts},
};

use super::steps;
use crate::{Context, Leased, error::JobError, handlers::people::carrier_lookup};

impl Leased for ImportEnd {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        steps::step(ctx, job, self.import_id, end(ctx, job, &self)).await
    }
}

async fn end(ctx: &Context, job: &ClaimedJob, payload: &ImportEnd) -> Result<Tx, JobError> {
    let (_, import) = steps::of(ctx, job, payload.import_id).await?;
    // The rows are read by no step any more; a second attempt finds them gone.
    ctx.objects.delete_folder(&steps::folder(import.organization_id, import.id)).await?;
    let mut tx = ctx.pool.begin().await?;
    if !steps::is_running(&import) {
        return Ok(tx);
    }
    // Of a cancelled import, parts that nobody has read add up as well.
    let unfinished = import.cancel_requested && !parts::all_applied(&mut tx, &import).await?;
    let end = if unfinished {
        End::Cancelled
    } else if imports::adds_up(&mut tx, import.id).await? {
        End::Succeeded
    } else if import.cancel_requested {
        End::Cancelled
    } else {
        return Err(JobError::fail("its counters do not add up to the rows that were read"));
    };
    imports::finish(&mut tx, import.id, end).await?;
    if let Some(group_id) = import.group_id.filter(|_| !import.dry_run) {
        let settings = ctx.organization(&mut tx, job).await?.settings;
        carrier_lookup::request(ctx, &mut tx, &settings, group_id, &ctx.origin(job)).await?;
    }
    tracing::info!(import.id = %import.id, ?end, "the import is over");
    Ok(tx)
}
