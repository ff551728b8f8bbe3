//! A bundle of short jobs in one transaction: claims, effects and completions commit together.
//!
//! Only success happens here. A handler may write the effects of several jobs by sets, in one
//! transaction, and have one for each of the others. Without sets, jobs run one after another as if
//! all will be well. If one is not, everything is undone and the bundle runs again, now with each
//! job in a part of the transaction that can be undone alone. A job that fails then is left for the
//! leased path, which counts the attempt and keeps its error; when anything is wrong with the
//! transaction itself, all of them are. So one bad job never fails its bundle, and good ones cost
//! nothing for it.

use std::{collections::HashSet, time::Duration};

use muster_domain::ids::JobId;
use muster_jobs::{JobKind, JobRef};
use muster_service::{clock, trace};
use muster_storage::{
    Tx,
    engine::claim::{self, ClaimedJob},
};
use tracing::{Instrument, Span};

use super::{span, within};
use crate::{Context, error::JobError, registry};

/// Whether the transaction has committed is not known; the message is delivered again.
pub(super) struct DatabaseLost;

/// Runs a bundle; returns the jobs that are left for the leased path. Jobs that ran, are done or
/// are not due are not among them.
pub(super) async fn run(ctx: &Context, kind: JobKind, refs: Vec<JobRef>) -> Result<Vec<JobRef>, DatabaseLost> {
    // The semaphore is never closed.
    let _slot = ctx.slots.acquire().await;
    let bundle = async {
        if registry::of(kind).by_sets() {
            return by_sets_and_alone(ctx, kind, &refs).await;
        }
        let mut first = None;
        match transaction(ctx, kind, &refs, Parts::None, &mut first).await? {
            failed if failed.is_empty() || refs.len() == 1 => Ok(failed),
            _undone => transaction(ctx, kind, &refs, Parts::OneForEach, &mut first).await,
        }
    };
    let ended = tokio::select! {
        ended = within(ctx.choice.time_limit(kind), bundle) => ended,
        () = ctx.hand_back.cancelled() => return Ok(refs),
    };
    let left = left_of(kind, refs, ended);
    if left.is_err() {
        ctx.database_lost.notify_one();
    }
    left
}

/// Returns the jobs that are left for the leased path: the failed ones, and all of them when the
/// bundle failed, by an error, a panic or a time-out (engine promise J7).
fn left_of(kind: JobKind, refs: Vec<JobRef>, ended: Result<Vec<JobId>, JobError>) -> Result<Vec<JobRef>, DatabaseLost> {
    match ended {
        Ok(failed) => Ok(refs.into_iter().filter(|job_ref| failed.contains(&job_ref.id)).collect()),
        Err(JobError::Retry { error, database_lost: true, .. }) => {
            tracing::warn!(error, "the database was lost during a bundle");
            Err(DatabaseLost)
        }
        Err(error) => {
            tracing::warn!(job.kind = %kind, %error, "a bundle failed; its jobs are tried one by one");
            Ok(refs)
        }
    }
}

/// Runs a bundle of which those jobs share a transaction that are written by sets; the others have
/// one each. Returns the jobs that failed.
async fn by_sets_and_alone(ctx: &Context, kind: JobKind, refs: &[JobRef]) -> Result<Vec<JobId>, JobError> {
    let mut first = None;
    let left = transaction(ctx, kind, refs, Parts::Sets, &mut first).await?;
    let mut failed = Vec::new();
    for job_ref in refs.iter().filter(|job_ref| left.contains(&job_ref.id)) {
        failed.extend(transaction(ctx, kind, std::slice::from_ref(job_ref), Parts::None, &mut first).await?);
    }
    Ok(failed)
}

/// How jobs are kept apart within their transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parts {
    /// Jobs that can be written by sets are run, and the others are returned.
    Sets,
    /// Not at all: the first failure ends the transaction.
    None,
    /// Each can be undone alone.
    OneForEach,
}

/// Returns the jobs that failed. Of these nothing was written, and without parts nothing of any.
/// `first` keeps the span of a bundle's first job, which is begun with the bundle, for its turn.
async fn transaction(
    ctx: &Context,
    kind: JobKind,
    refs: &[JobRef],
    parts: Parts,
    first: &mut Option<(JobId, Span)>,
) -> Result<Vec<JobId>, JobError> {
    let ids: Vec<_> = refs.iter().map(|job_ref| job_ref.id).collect();
    // Short jobs touch few rows, by their ids.
    let mut tx = ctx.pool.begin_repeated().await?;
    let jobs = claim::take(&mut tx, &ids).await?;
    let (mut done, mut failed) = (Vec::with_capacity(jobs.len()), Vec::new());
    if let (Parts::Sets, Some(job)) = (parts, jobs.first()) {
        let (_, work_in) = first.insert((job.id, span(job, refs)));
        match by_sets(ctx, kind, &mut tx, &jobs, refs, work_in).await {
            Ok(by_sets) => done = by_sets,
            Err(error @ JobError::Retry { database_lost: true, .. }) => return Err(error),
            Err(error) => {
                tracing::debug!(%error, "not by sets; tried again one by one");
                return Ok(ids);
            }
        }
    }
    let written: HashSet<_> = done.iter().map(|done| done.job.id).collect();
    first.take_if(|(id, _)| written.contains(id));
    for job in jobs.iter().filter(|job| !written.contains(&job.id)) {
        if parts == Parts::Sets {
            failed.push(job.id);
            continue;
        }
        let started = clock::start();
        if parts == Parts::OneForEach {
            tx.begin_part().await?;
        }
        let span = first.take_if(|(id, _)| *id == job.id).map_or_else(|| span(job, refs), |(_, span)| span);
        let result = registry::of(job.kind).run_within(ctx, &mut tx, job).instrument(span.clone()).await;
        match &result {
            Ok(()) => done.push(Done { job, took: started.elapsed(), span: span.clone() }),
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
    let completed: Vec<_> = done.iter().map(|done| done.job).collect();
    claim::complete_taken(&mut tx, &completed, &ctx.settings.process.name).await?;
    tx.commit().await?;
    for Done { job, took, span } in done {
        ctx.metrics.claimed(job);
        ctx.metrics.took(job.kind, "succeeded", took.as_secs_f64(), &span);
    }
    for _ in jobs.len()..refs.len() {
        ctx.metrics.count(kind, "duplicate");
    }
    Ok(failed)
}

/// A job whose effects are written, within a transaction that is to be committed.
struct Done<'a> {
    job: &'a ClaimedJob,
    took: Duration,
    span: Span,
}

/// Does those jobs that can be done by sets, in the span of the first of them all, to which the
/// others' are linked.
async fn by_sets<'a>(
    ctx: &Context,
    kind: JobKind,
    tx: &mut Tx,
    jobs: &'a [ClaimedJob],
    refs: &[JobRef],
    work_in: &Span,
) -> Result<Vec<Done<'a>>, JobError> {
    let started = clock::start();
    let written = registry::of(kind).run_by_sets(ctx, tx, jobs).instrument(work_in.clone()).await?;
    let written: HashSet<_> = written.into_iter().collect();
    let (took, trace_of_work) = (started.elapsed(), trace::of(work_in));
    let done = jobs.iter().enumerate().filter(|(_, job)| written.contains(&job.id));
    Ok(done
        .map(|(nth, job)| {
            let span = if nth == 0 { work_in.clone() } else { span(job, refs) };
            if nth > 0 {
                trace::link(&span, trace_of_work.as_deref());
            }
            Done { job, took, span }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn bundle() -> Vec<JobRef> {
        (0..3).map(|_| JobRef::new(JobId::new())).collect()
    }

    fn ids(refs: &[JobRef]) -> Vec<JobId> {
        refs.iter().map(|job_ref| job_ref.id).collect()
    }

    #[test]
    fn j7_what_failed_is_left_for_a_lease_where_it_is_counted() {
        let refs = bundle();
        let failed = refs[1].id;
        let left = left_of(JobKind::Probe, refs, Ok(vec![failed]));
        assert_eq!(left.ok().map(|left| ids(&left)), Some(vec![failed]));
    }

    #[tokio::test]
    #[expect(clippy::panic, reason = "what the test is about")]
    async fn j7_a_panic_and_a_time_out_leave_the_whole_bundle_for_a_lease() {
        let panicked = within(Duration::from_hours(1), async { panic!("out of luck") }).await;
        let hung = within(Duration::ZERO, std::future::pending()).await;
        for ended in [panicked, hung] {
            assert!(ended.is_err(), "{ended:?}");
            let refs = bundle();
            let all = ids(&refs);
            assert_eq!(left_of(JobKind::Probe, refs, ended).ok().map(|left| ids(&left)), Some(all));
        }
    }

    #[test]
    fn j2_a_bundle_whose_commit_is_unknown_is_left_to_the_broker() {
        let lost = JobError::Retry { delay: None, error: "gone".to_owned(), database_lost: true };
        assert!(left_of(JobKind::Probe, bundle(), Err(lost)).is_err());
    }
}
