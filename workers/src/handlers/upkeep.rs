//! `upkeep`: what keeps an installation in order. Each task is a few statements, and doing one twice does nothing the second time.

use std::time::Duration;

use muster_jobs::payloads::{Task, Upkeep};
use muster_storage::{
    Tx,
    engine::partitions,
    idempotency,
    imports::{self, End},
    sending,
};

use crate::{Context, error::JobError, import};

/// How long answers to idempotent requests are kept.
const IDEMPOTENCY_KEPT: Duration = Duration::from_hours(7 * 24);

/// Imports that are ended at a time.
const ABANDONED: i64 = 100;

pub(crate) async fn run(ctx: &Context, payload: Upkeep) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    match payload.task {
        Task::Partitions => partitions::ensure(&mut tx).await?,
        Task::JobHistory => {
            let kept = Duration::from_hours(24 * ctx.settings.job_history_days);
            let dropped = partitions::drop_job_history(&mut tx, kept).await?;
            tracing::info!(partitions = ?dropped, "dropped partitions of jobs that are over");
        }
        Task::IdempotencyKeys => {
            let forgotten = idempotency::forget(&mut tx, IDEMPOTENCY_KEPT).await?;
            tracing::info!(forgotten, "forgot answers to idempotent requests");
        }
        Task::Reconcile => {
            let age = Duration::from_secs(ctx.settings.reconcile_after_seconds);
            let (unsettled, held) = sending::set_missing_timers(&mut tx, age).await?;
            for (organization_id, id) in imports::abandoned(&mut tx, ABANDONED).await? {
                ctx.objects.delete_folder(&import::folder(organization_id, id)).await?;
                imports::finish(
                    &mut tx,
                    id,
                    End::Failed("its work was given up; `muster jobs list --state parked` says why"),
                )
                .await?;
                tracing::error!(import.id = %id, "an import whose work was given up is ended");
            }
            if unsettled + held > 0 {
                tracing::warn!(unsettled, held, "messages waited without a timer; it is set");
            }
        }
    }
    Ok(tx)
}
