//! Jobs that are worked on together: their effects and completions are one transaction.
//!
//! Only success happens here, and ends of attempts without a fault of their jobs. If anything else
//! goes wrong, each job is tried alone within the same attempt, with its own transaction, fate and
//! error: one bad job never fails its neighbours.

use futures::future::select_all;
use muster_jobs::JobRef;
use muster_service::{clock, trace};
use muster_storage::engine::claim::{self, ClaimedJob};
use tracing::Instrument;

use super::{Leases, alone, commit_span, outcome, span, within};
use crate::{Context, Slot, error::JobError, modes::GroupHandler};

/// Puts jobs into the groups that are worked on together; each is alone if that cannot be found
/// out.
pub(super) async fn groups<'a>(
    ctx: &'a Context,
    handler: GroupHandler,
    jobs: &'a [ClaimedJob],
) -> Vec<Vec<&'a ClaimedJob>> {
    (handler.groups)(ctx, jobs).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "jobs could not be put together");
        jobs.iter().map(|job| vec![job]).collect()
    })
}

/// Runs a group and writes its outcome; true when every outcome is in Postgres.
pub(super) async fn attempt(
    ctx: &Context,
    handler: GroupHandler,
    jobs: &[&ClaimedJob],
    slot: &mut Slot,
    refs: &[JobRef],
    leases: &Leases,
) -> bool {
    let started = clock::start();
    let spans: Vec<_> = jobs.iter().map(|job| span(job, refs)).collect();
    let Some((first, others)) = spans.split_first() else { return true };
    // The work shows in the first one's trace, to which the others' are linked.
    let work_in = trace::of(first);
    for span in others {
        trace::link(span, work_in.as_deref());
    }
    let mut settled = true;
    match work(ctx, handler, jobs, slot, leases).instrument(first.clone()).await {
        Ok(()) => {
            for (job, span) in jobs.iter().zip(&spans) {
                leases.over(job.id);
                ctx.metrics.took(job.kind, "succeeded", started.elapsed().as_secs_f64(), span);
            }
        }
        Err(JobError::NotYet { delay, why }) => {
            for (job, span) in jobs.iter().zip(&spans) {
                let result = Err(JobError::NotYet { delay, why });
                let (outcome, written) = outcome::write(ctx, job, result).instrument(span.clone()).await;
                leases.over(job.id);
                ctx.metrics.took(job.kind, outcome, started.elapsed().as_secs_f64(), span);
                settled &= written;
            }
        }
        Err(JobError::Retry { error, database_lost: true, .. }) => {
            // Whether the effects are in is not known; the rows know, and the leases bring the jobs
            // back if they are not.
            tracing::warn!(error, jobs = jobs.len(), "the database was lost during the attempt");
            ctx.database_lost.notify_one();
            settled = false;
        }
        Err(error) => {
            drop(spans);
            tracing::warn!(%error, jobs = jobs.len(), "jobs failed together; they are tried one by one");
            settled = one_by_one(ctx, jobs, slot, refs, leases).await;
        }
    }
    settled
}

/// Runs jobs alone, one after another; true when every outcome is in Postgres.
pub(super) async fn one_by_one(
    ctx: &Context,
    jobs: &[&ClaimedJob],
    slot: &mut Slot,
    refs: &[JobRef],
    leases: &Leases,
) -> bool {
    let mut settled = true;
    for job in jobs {
        // The one before may have ended while its slot was lent.
        slot.hold().await;
        settled &= alone(ctx, job, slot, refs, leases).await;
    }
    settled
}

/// Runs the handler with its time limit, and commits the effects with the completions.
async fn work(
    ctx: &Context,
    handler: GroupHandler,
    jobs: &[&ClaimedJob],
    slot: &mut Slot,
    leases: &Leases,
) -> Result<(), JobError> {
    let Some(kind) = jobs.first().map(|job| job.kind) else { return Ok(()) };
    let work = async {
        let mut tx = (handler.run)(ctx, jobs, slot).await?;
        claim::complete_all(&mut tx, jobs).await?;
        tx.commit().instrument(commit_span()).await?;
        Ok(())
    };
    let lost: Vec<_> = jobs.iter().map(|job| leases.lost(job.id)).collect();
    let any_lost = select_all(lost.iter().map(|lost| Box::pin(lost.cancelled())));
    tokio::select! {
        ended = within(ctx.choice.time_limit(kind), ctx.liveness.while_proven(work)) => ended,
        _ = any_lost => Err(JobError::Lost),
        () = ctx.hand_back.cancelled() => Err(JobError::NotYet { delay: std::time::Duration::ZERO, why: "the worker stops" }),
    }
}
