//! A bundle of short jobs in one transaction: claims, effects and completions commit together.
//!
//! Only success happens here. A job that fails is undone alone and left for the leased path, which counts the attempt and keeps its error;
//! when anything is wrong with the transaction itself, all of them are. So one bad job never fails its bundle.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use muster_domain::ids::JobId;
use muster_jobs::{JobKind, JobRef};
use muster_service::clock;
use muster_storage::engine::claim;
use tracing::Instrument;

use super::{panic_message, span};
use crate::{Context, error::JobError, registry};

/// Whether the transaction has committed is not known; what was delivered is delivered again.
pub(super) struct DatabaseLost;

/// Runs a bundle; answers the jobs that are left for the leased path. Those that ran, are done or are not due are not among them.
pub(super) async fn run(ctx: &Context, kind: JobKind, refs: Vec<JobRef>) -> Result<Vec<JobRef>, DatabaseLost> {
    // The semaphore is never closed.
    let _slot = ctx.slots.acquire().await;
    let bundle = AssertUnwindSafe(transaction(ctx, kind, &refs)).catch_unwind();
    let ended = tokio::select! {
        ended = tokio::time::timeout(kind.time_limit(), bundle) => ended,
        () = ctx.hand_back.cancelled() => return Ok(refs),
    };
    match ended {
        Ok(Ok(Ok(failed))) => Ok(refs.into_iter().filter(|job_ref| failed.contains(&job_ref.id)).collect()),
        Ok(Ok(Err(JobError::Retry { error, database_lost: true, .. }))) => {
            tracing::warn!(error, "the database was lost during a bundle");
            ctx.database_lost.notify_one();
            Err(DatabaseLost)
        }
        Ok(Ok(Err(error))) => {
            tracing::warn!(job.kind = %kind, %error, "a bundle failed; its jobs are tried one by one");
            Ok(refs)
        }
        Ok(Err(panic)) => {
            let panic = panic_message(&*panic);
            tracing::warn!(job.kind = %kind, panic, "a bundle panicked; its jobs are tried one by one");
            Ok(refs)
        }
        Err(_) => {
            tracing::warn!(job.kind = %kind, "a bundle took too long; its jobs are tried one by one");
            Ok(refs)
        }
    }
}

/// Answers the jobs that failed, of which nothing was written.
async fn transaction(ctx: &Context, kind: JobKind, refs: &[JobRef]) -> Result<Vec<JobId>, JobError> {
    let ids: Vec<_> = refs.iter().map(|job_ref| job_ref.id).collect();
    let mut tx = ctx.pool.begin().await?;
    let jobs = claim::take(&mut tx, &ids).await?;
    for _ in jobs.len()..refs.len() {
        ctx.metrics.count(kind, "duplicate");
    }
    let (mut done, mut failed) = (Vec::with_capacity(jobs.len()), Vec::new());
    let alone = jobs.len() == 1;
    for job in &jobs {
        let started = clock::start();
        if !alone {
            tx.begin_part().await?;
        }
        let span = span(job, refs);
        let result = registry::act(ctx, &mut tx, job).instrument(span.clone()).await;
        match &result {
            Ok(()) => {
                ctx.metrics.took(job.kind, "succeeded", started.elapsed().as_secs_f64());
                done.push(job);
            }
            Err(JobError::Retry { database_lost: true, .. }) => return result.map(|()| failed),
            Err(error) => {
                span.in_scope(|| tracing::debug!(%error, "not in its bundle; tried again alone"));
                failed.push(job.id);
            }
        }
        if !alone {
            tx.end_part(result.is_ok()).await?;
        } else if result.is_err() {
            // The transaction may be one that Postgres has aborted.
            return Ok(failed);
        }
    }
    claim::complete_taken(&mut tx, &done, &ctx.settings.process_name).await?;
    tx.commit().await?;
    Ok(failed)
}
