//! Every way that an attempt can end, in one place: done, to be tried again, parked, requeued, or
//! lost to another worker.

use muster_service::{clock, trace};
use muster_storage::engine::claim::{self, ClaimedJob, RetryOutcome};
use tracing::Span;

use super::{in_time, kept};
use crate::{Context, error::JobError};

/// Puts the outcome of an attempt into Postgres: its name, and whether it is there.
pub(super) async fn write(ctx: &Context, job: &ClaimedJob, result: Result<(), JobError>) -> (&'static str, bool) {
    let pool = &ctx.engine_pool;
    if let Err(error) = &result
        && let Some(kind) = error.kind()
    {
        trace::record_error(&Span::current(), kind);
    }
    match result {
        Ok(()) => ("succeeded", true),
        Err(JobError::Lost) => {
            tracing::warn!("the lease was lost; nothing was written");
            ("lost", true)
        }
        Err(JobError::NotYet { delay, why }) => {
            tracing::info!(delay_ms = delay.as_millis(), why, "handed back");
            ("handed_back", kept(ctx, in_time(claim::requeue(pool, &[job], delay, why)).await))
        }
        Err(JobError::Retry { error, database_lost: true, .. }) => {
            // Whether the effects are in is not known; the row knows, and the lease brings the job
            // back if they are not.
            tracing::warn!(error, "the database was lost during the attempt");
            ctx.database_lost.notify_one();
            ("database_lost", false)
        }
        Err(JobError::Retry { delay, error, .. }) => {
            let delay = delay.unwrap_or_else(|| ctx.retry.delay(job.attempt, clock::jitter()));
            let fate = in_time(claim::retry(pool, job, delay, &error, trace::current().as_deref())).await;
            let name = match fate {
                Ok(RetryOutcome::Parked) => {
                    tracing::error!(error, "the last attempt failed; the job is parked");
                    "parked"
                }
                Ok(RetryOutcome::Superseded) => {
                    tracing::warn!(error, "the attempt failed; a newer job with the same key will do the same");
                    "superseded"
                }
                Ok(RetryOutcome::Pending | RetryOutcome::Taken) | Err(_) => {
                    tracing::warn!(error, delay_ms = delay.as_millis(), "the attempt failed");
                    "retried"
                }
            };
            (name, kept(ctx, fate))
        }
        Err(JobError::Fail(error)) => {
            tracing::error!(error, "the job can never succeed; it is parked");
            ("parked", kept(ctx, in_time(claim::park(pool, job, &error)).await))
        }
    }
}
