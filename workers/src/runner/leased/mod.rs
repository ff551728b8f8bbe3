//! Jobs under a lease: one statement claims a bundle and one keeps its leases, and each job has its
//! own transaction, fate and error; those of kinds that are executed together share a transaction
//! as long as all goes well (`together`).

mod together;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{FutureExt, StreamExt, stream};
use muster_domain::ids::JobId;
use muster_jobs::{JobKind, JobRef};
use muster_service::clock;
use muster_storage::engine::claim::{self, ClaimedJob, Holder};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use super::{commit_span, in_time, kept, outcome, span, within};
use crate::{
    Context, Slot,
    error::JobError,
    life::CurrentLife,
    modes::{GroupHandler, Handler},
    registry,
};

/// How long a suspect waits for another's end, and how long it is put off then.
const SUSPECTS_WAIT: Duration = Duration::from_secs(15);

/// Claims and runs jobs; true when every outcome is in Postgres.
pub(super) async fn run(ctx: &Context, kind: JobKind, refs: &[JobRef], suspect: bool) -> bool {
    let ids: Vec<_> = refs.iter().map(|job_ref| job_ref.id).collect();
    // Suspects wait for each other: two poison jobs must not blame one another, nor an innocent job
    // that was hit before. Not for long: a job that waits here takes room from others of its kind
    // (engine promise J6). The semaphores are never closed.
    let turn = if suspect { Some(tokio::time::timeout(SUSPECTS_WAIT, ctx.suspects.acquire()).await) } else { None };
    if let Some(Err(_)) = turn {
        return kept(ctx, in_time(claim::defer(&ctx.engine_pool, &ids, SUSPECTS_WAIT)).await);
    }
    let first_slot = ctx.slots.acquire().await;
    let lease = ctx.settings.engine.job_lease();
    let current = ctx.liveness.current();
    let holder = Holder { worker: &ctx.settings.process.name, life: current.life };
    let jobs = match in_time(claim::claim_all(&ctx.engine_pool, &ids, holder, lease)).await {
        Ok(jobs) => jobs,
        Err(error) => return kept::<()>(ctx, Err(error)),
    };
    for _ in jobs.len()..refs.len() {
        ctx.metrics.count(kind, "duplicate");
    }
    for job in &jobs {
        ctx.metrics.claimed(job);
    }
    let leases = Leases::of(&jobs, &current);
    let not_begun = Mutex::new(Vec::new());
    let runs = match registry::of(kind) {
        Handler::Together(handler) => {
            let groups = together::groups(ctx, handler, &jobs).await;
            groups.into_iter().map(|group| (Some(handler), group)).collect()
        }
        Handler::Leased(_) | Handler::InTransaction(_) => jobs.iter().map(|job| (None, vec![job])).collect::<Vec<_>>(),
    };
    // The bundle has a slot; jobs beside its first take more.
    drop(first_slot);
    let runs = runs.into_iter();
    let runs: Vec<_> =
        runs.map(|(handler, group)| begin(ctx, handler, group, refs, &leases, &not_begun).boxed()).collect();
    let work =
        stream::iter(runs).buffer_unordered(kind.policy().concurrency).fold(true, async |all, settled| all && settled);
    let mut settled = tokio::select! {
        settled = work => settled,
        () = leases.keep(ctx, lease) => true,
    };
    let not_begun = not_begun.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !not_begun.is_empty() {
        tracing::info!(job.kind = %kind, jobs = not_begun.len(), "handed back unbegun");
        settled &=
            kept(ctx, in_time(claim::requeue(&ctx.engine_pool, &not_begun, Duration::ZERO, "the worker stops")).await);
    }
    settled
}

/// Runs one job of a bundle, or a group of them, when there is a slot for it, unless the worker is
/// to stop.
async fn begin<'a>(
    ctx: &Context,
    together: Option<GroupHandler>,
    group: Vec<&'a ClaimedJob>,
    refs: &[JobRef],
    leases: &Leases,
    not_begun: &Mutex<Vec<&'a ClaimedJob>>,
) -> bool {
    let _turn = match group.first() {
        Some(job) => ctx.choice.turn(job.kind).await,
        None => None,
    };
    if ctx.stopping.is_cancelled() {
        not_begun.lock().unwrap_or_else(PoisonError::into_inner).extend(group);
        return true;
    }
    let mut slot = Slot::take(&ctx.slots).await;
    match (together, &group[..]) {
        (Some(handler), [_, _, ..]) => together::attempt(ctx, handler, &group, &mut slot, refs, leases).await,
        (_, group) => together::one_by_one(ctx, group, &mut slot, refs, leases).await,
    }
}

/// Runs one job; its lease is over then.
async fn alone(ctx: &Context, job: &ClaimedJob, slot: &mut Slot, refs: &[JobRef], leases: &Leases) -> bool {
    let settled = attempt(ctx, job, slot, &leases.lost(job.id)).instrument(span(job, refs)).await;
    leases.over(job.id);
    settled
}

/// Runs one job and writes its outcome; true when that is in Postgres.
async fn attempt(ctx: &Context, job: &ClaimedJob, slot: &mut Slot, lost: &CancellationToken) -> bool {
    let started = clock::start();
    let (outcome, settled) = outcome::write(ctx, job, work(ctx, job, slot, lost).await).await;
    ctx.metrics.took(job.kind, outcome, started.elapsed().as_secs_f64(), &Span::current());
    settled
}

/// Runs the handler with its time limit, and commits its effects with the completion.
async fn work(ctx: &Context, job: &ClaimedJob, slot: &mut Slot, lost: &CancellationToken) -> Result<(), JobError> {
    let handler = async {
        let mut tx = registry::of(job.kind).run(ctx, job, slot).await?;
        claim::complete(&mut tx, job).await?;
        tx.commit().instrument(commit_span()).await?;
        Ok(())
    };
    tokio::select! {
        ended = within(ctx.choice.time_limit(job.kind), ctx.liveness.while_proven(handler)) => ended,
        () = lost.cancelled() => Err(JobError::Lost),
        () = ctx.hand_back.cancelled() => Err(JobError::NotYet { delay: Duration::ZERO, why: "the worker stops" }),
    }
}

/// The leases of a bundle's jobs that are not over.
struct Leases(Mutex<BTreeMap<JobId, (i64, CancellationToken)>>);

impl Leases {
    fn of(jobs: &[ClaimedJob], current: &CurrentLife) -> Self {
        Self(Mutex::new(jobs.iter().map(|job| (job.id, (job.epoch, current.over.child_token()))).collect()))
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<JobId, (i64, CancellationToken)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cancelled when the job's lease is lost.
    fn lost(&self, id: JobId) -> CancellationToken {
        self.held().get(&id).map(|(_, lost)| lost.clone()).unwrap_or_default()
    }

    fn over(&self, id: JobId) {
        self.held().remove(&id);
    }

    /// Heartbeat: extends the leases for as long as it is polled. One that is lost, or could not be
    /// extended for as long as it lasts, ends its job's attempt; the completion would be refused
    /// anyway.
    async fn keep(&self, ctx: &Context, lease: Duration) {
        let mut extended = clock::start();
        loop {
            tokio::time::sleep(lease / 3).await;
            let jobs: Vec<_> = self.held().iter().map(|(id, (epoch, _))| (*id, *epoch)).collect();
            if jobs.is_empty() {
                continue;
            }
            let asked = clock::start();
            match in_time(claim::heartbeat(&ctx.engine_pool, &jobs, lease)).await {
                Ok(held) => {
                    extended = asked;
                    for (id, _) in jobs.iter().filter(|(id, _)| !held.contains(id)) {
                        self.lost(*id).cancel();
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, jobs = jobs.len(), "a heartbeat failed");
                    if extended.elapsed() > lease {
                        self.held().values().for_each(|(_, lost)| lost.cancel());
                    }
                }
            }
        }
    }
}
