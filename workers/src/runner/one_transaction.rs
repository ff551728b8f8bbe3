//! A bundle of short jobs in one transaction: claims, effects and completions commit together.
//!
//! Only success happens here. Jobs run one after another as if all will be well; if one is not, everything is undone and the bundle runs again,
//! now with each job in a part of the transaction that can be undone alone. What fails then is left for the leased path, which counts the
//! attempt and keeps its error; when anything is wrong with the transaction itself, all of them are. So one bad job never fails its
//! bundle, and good ones cost nothing for it.

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
    let bundle = async {
        match transaction(ctx, kind, &refs, Parts::None).await? {
            failed if failed.is_empty() || refs.len() == 1 => Ok(failed),
            _undone => transaction(ctx, kind, &refs, Parts::OneForEach).await,
        }
    };
    let bundle = AssertUnwindSafe(bundle).catch_unwind();
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

/// How jobs are kept apart within their transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parts {
    /// Not at all: the first failure ends the transaction.
    None,
    /// Each can be undone alone.
    OneForEach,
}

/// Answers the jobs that failed. Of these nothing was written, and without parts nothing of any.
async fn transaction(ctx: &Context, kind: JobKind, refs: &[JobRef], parts: Parts) -> Result<Vec<JobId>, JobError> {
    let ids: Vec<_> = refs.iter().map(|job_ref| job_ref.id).collect();
    let mut tx = ctx.pool.begin().await?;
    let jobs = claim::take(&mut tx, &ids).await?;
    let (mut done, mut failed) = (Vec::with_capacity(jobs.len()), Vec::new());
    for job in &jobs {
        let started = clock::start();
        if parts == Parts::OneForEach {
            tx.begin_part().await?;
        }
        let span = span(job, refs);
        let result = registry::act(ctx, &mut tx, job).instrument(span.clone()).await;
        match &result {
            Ok(()) => done.push((job, started.elapsed())),
            Err(JobError::Retry { database_lost: true, .. }) => return result.map(|()| failed),
            Err(error) => {
                span.in_scope(|| tracing::debug!(%error, "not in its bundle; tried again alone"));
                failed.push(job.id);
            }
        }
        if parts == Parts::OneForEach {
            tx.end_part(result.is_ok()).await?;
        } else if result.is_err() {
            // The transaction may be one that Postgres has aborted.
            return Ok(failed);
        }
    }
    let completed: Vec<_> = done.iter().map(|(job, _)| *job).collect();
    claim::complete_taken(&mut tx, &completed, &ctx.settings.process_name).await?;
    tx.commit().await?;
    for (job, took) in done {
        ctx.metrics.took(job.kind, "succeeded", took.as_secs_f64());
    }
    for _ in jobs.len()..refs.len() {
        ctx.metrics.count(kind, "duplicate");
    }
    Ok(failed)
}
