//! `upkeep`: tasks that keep an installation in order. Each task is a few statements, and doing one
//! twice does nothing the second time. A task that may have much to forget does a step of it, and
//! enqueues itself for the next.

use std::time::Duration;

use muster_jobs::kinds::{Retention, Task, Upkeep};
use muster_storage::{
    Tx,
    engine::{
        claim::ClaimedJob,
        enqueue::{Origin, enqueue},
        history,
        partitions::{self, Dropped},
        sweep,
    },
    imports::{
        self, Abandoned, End,
        rejects::{self, ForgottenRejects},
    },
    sending::{self, MissingTimers},
    tenancy::{
        groups, idempotency, organizations,
        sign_in::{attempts, identity, sessions},
    },
    trust::{
        audit,
        exports::{self, Leftover},
    },
};

use crate::{
    Context, Leased,
    error::JobError,
    handlers::{goals::zone_rules, imports::steps},
};

/// How long answers to idempotent requests are kept.
const IDEMPOTENCY_KEPT: Duration = Duration::from_hours(7 * 24);

/// How long sessions and sign-ins that are over are kept: with the addresses of their clients.
const SIGN_IN_KEPT: Duration = Duration::from_hours(30 * 24);

/// A long transaction uses a table of which a partition is to be made or dropped.
const IN_USE: JobError = JobError::NotYet { delay: Duration::from_mins(1), why: "a table is in use" };

/// Addresses of clients that are forgotten at a time.
const ADDRESSES: i32 = 10_000;
/// A worker that stood still has ended its writing so long after its export was over.
const EXPORT_WRITERS_GONE: Duration = Duration::from_mins(10);
/// Exports with files that are removed at a time.
const EXPORTS: i64 = 1_000;

/// Imports that are ended at a time.
const ABANDONED: i64 = 100;

impl Leased for Upkeep {
    async fn run(self, ctx: &Context, job: &ClaimedJob) -> Result<Tx, JobError> {
        match self.task {
            // In transactions of their own, so that no table is kept from others for longer than it
            // must be.
            Task::Partitions => {
                if !partitions::ensure(&ctx.pool).await? {
                    return Err(IN_USE);
                }
                Ok(ctx.pool.begin().await?)
            }
            Task::JobHistory => loop {
                match partitions::drop_job_history(&ctx.pool, days(ctx.settings.engine.job_history_days)).await? {
                    Dropped::Partition(name) => {
                        tracing::info!(partition = name, "dropped a month of jobs that are over");
                    }
                    Dropped::Nothing => break Ok(ctx.pool.begin().await?),
                    Dropped::InUse => break Err(IN_USE),
                }
            },
            Task::EngineHistory => engine_history(ctx, job, &self).await,
            Task::ImportRejects => {
                let mut tx = ctx.pool.begin().await?;
                let ForgottenRejects { forgotten, more } =
                    rejects::forget(&mut tx, days(ctx.settings.imports.rejects_days)).await?;
                if more {
                    enqueue(&mut tx, &self, &ctx.origin(job)).await?;
                }
                tracing::info!(forgotten, "forgot rejected rows of imports");
                Ok(tx)
            }
            Task::AuditAddresses => audit_addresses(ctx, job, &self).await,
            Task::IdempotencyKeys => {
                let mut tx = ctx.pool.begin().await?;
                let forgotten = idempotency::forget(&mut tx, IDEMPOTENCY_KEPT).await?;
                tracing::info!(forgotten, "forgot answers to idempotent requests");
                Ok(tx)
            }
            Task::SignInHistory => sign_in_history(ctx, job, &self).await,
            Task::Sweep => {
                // In transactions of its own, as the schedulers do it: recovered jobs come back
                // even if this job is lost.
                let swept = sweep::sweep(&ctx.pool, ctx.settings.engine.republish_after()).await?;
                ctx.metrics.swept(&swept);
                Ok(ctx.pool.begin().await?)
            }
            Task::Exports => sweep_exports(ctx).await,
            Task::Retention => {
                let mut tx = ctx.pool.begin().await?;
                for organization_id in organizations::all(&mut tx).await? {
                    let origin = Origin { organization_id: Some(organization_id), ..ctx.origin(job) };
                    enqueue(&mut tx, &Retention { organization_id }, &origin).await?;
                }
                Ok(tx)
            }
            Task::ZoneRules => {
                // In transactions of their own, one a goal.
                zone_rules::resolve_all(ctx).await?;
                Ok(ctx.pool.begin().await?)
            }
            Task::Reconcile => reconcile(ctx).await,
        }
    }
}

/// Forgets ticks, schedules, dead letters and processes that are kept no longer.
async fn engine_history(ctx: &Context, job: &ClaimedJob, upkeep: &Upkeep) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let ticks = history::forget_ticks(&mut tx, days(ctx.settings.engine.tick_history_days)).await?;
    let schedules = history::forget_schedules(&mut tx, days(ctx.settings.engine.tick_history_days)).await?;
    history::forget_acts(&mut tx, days(ctx.settings.engine.tick_history_days)).await?;
    let letters = history::forget_dead_letters(&mut tx, days(ctx.settings.engine.dead_letter_history_days)).await?;
    let processes = history::forget_processes(&mut tx, days(ctx.settings.engine.process_history_days)).await?;
    if [ticks, schedules, letters, processes].contains(&history::STEP) {
        enqueue(&mut tx, upkeep, &ctx.origin(job)).await?;
    }
    tracing::info!(ticks, schedules, letters, processes, "forgot what is kept no longer");
    Ok(tx)
}

/// Forgets addresses of clients in the audit.
async fn audit_addresses(ctx: &Context, job: &ClaimedJob, upkeep: &Upkeep) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let kept = i32::try_from(ctx.settings.privacy.audit_address_days).unwrap_or(i32::MAX);
    let forgotten = audit::forget_addresses(&mut tx, kept, ADDRESSES).await?;
    if forgotten == i64::from(ADDRESSES) {
        enqueue(&mut tx, upkeep, &ctx.origin(job)).await?;
    }
    tracing::info!(forgotten, "forgot addresses of clients in the audit");
    Ok(tx)
}

/// Forgets sessions and sign-ins that are over.
async fn sign_in_history(ctx: &Context, job: &ClaimedJob, upkeep: &Upkeep) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let sessions = sessions::forget(&mut tx, SIGN_IN_KEPT).await?;
    let sign_ins = attempts::forget(&mut tx, SIGN_IN_KEPT).await?;
    identity::forget(&mut tx, SIGN_IN_KEPT).await?;
    if sessions == sessions::STEP || sign_ins == attempts::STEP {
        enqueue(&mut tx, upkeep, &ctx.origin(job)).await?;
    }
    tracing::info!(sessions, sign_ins, "forgot sessions and sign-ins that are over");
    Ok(tx)
}

/// Sets timers that are missing, and ends imports of which the work was given up.
async fn reconcile(ctx: &Context) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let age = ctx.settings.engine.reconcile_after();
    let MissingTimers { unsettled, held } = sending::set_missing_timers(&mut tx, age).await?;
    groups::fold_sizes(&mut tx).await?;
    for Abandoned { organization_id, id } in imports::abandoned(&mut tx, ABANDONED).await? {
        ctx.objects.delete_folder(&steps::folder(organization_id, id)).await?;
        imports::finish(&mut tx, id, End::Failed("its work was given up; `muster jobs list --state parked` says why"))
            .await?;
        tracing::error!(import.id = %id, "an import whose work was given up is ended");
    }
    if unsettled + held > 0 {
        tracing::warn!(unsettled, held, "messages waited without a timer; it is set");
    }
    Ok(tx)
}

/// Ends files of exports that are kept no longer, and removes those that ended.
async fn sweep_exports(ctx: &Context) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let aged = exports::age(&mut tx).await?;
    let abandoned = exports::end_abandoned(&mut tx).await?;
    tx.commit().await?;
    if aged + abandoned > 0 {
        tracing::info!(aged, abandoned, "files of exports are kept no longer, and exports without work are ended");
    }
    let mut tx = ctx.pool.begin().await?;
    for Leftover { organization_id, id } in exports::leftovers(&mut tx, EXPORT_WRITERS_GONE, EXPORTS).await? {
        ctx.objects.delete_folder(&exports::folder(organization_id, id)).await?;
        exports::removed(&mut tx, id).await?;
    }
    Ok(tx)
}

const fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}
