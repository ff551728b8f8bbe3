//! `upkeep`: tasks that keep an installation in order. Each task is a few statements, and doing one
//! twice does nothing the second time. A task that may have much to forget does a step of it, and
//! enqueues itself for the next.

use std::time::Duration;

use muster_jobs::kinds::{Task, Upkeep};
use muster_storage::{
    Tx,
    engine::{
        claim::ClaimedJob,
        enqueue::enqueue,
        history,
        partitions::{self, Dropped},
        sweep,
    },
    imports::{
        self, Abandoned, End,
        rejects::{self, ForgottenRejects},
    },
    sending::{self, MissingTimers},
    tenancy::{groups, idempotency},
};

use crate::{
    Context, Leased,
    error::JobError,
    handlers::{goals::zone_rules, imports::steps},
};

/// How long answers to idempotent requests are kept.
const IDEMPOTENCY_KEPT: Duration = Duration::from_hours(7 * 24);

/// A long transaction uses a table of which a partition is to be made or dropped.
const IN_USE: JobError = JobError::NotYet { delay: Duration::from_mins(1), why: "a table is in use" };

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
            Task::EngineHistory => {
                let mut tx = ctx.pool.begin().await?;
                let ticks = history::forget_ticks(&mut tx, days(ctx.settings.engine.tick_history_days)).await?;
                let schedules = history::forget_schedules(&mut tx, days(ctx.settings.engine.tick_history_days)).await?;
                let letters =
                    history::forget_dead_letters(&mut tx, days(ctx.settings.engine.dead_letter_history_days)).await?;
                let processes =
                    history::forget_processes(&mut tx, days(ctx.settings.engine.process_history_days)).await?;
                if [ticks, schedules, letters, processes].contains(&history::STEP) {
                    enqueue(&mut tx, &self, &ctx.origin(job)).await?;
                }
                tracing::info!(ticks, schedules, letters, processes, "forgot what is kept no longer");
                Ok(tx)
            }
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
            Task::IdempotencyKeys => {
                let mut tx = ctx.pool.begin().await?;
                let forgotten = idempotency::forget(&mut tx, IDEMPOTENCY_KEPT).await?;
                tracing::info!(forgotten, "forgot answers to idempotent requests");
                Ok(tx)
            }
            Task::Sweep => {
                // In transactions of its own, as the schedulers do it: recovered jobs come back
                // even if this job is lost.
                let swept = sweep::sweep(&ctx.pool, ctx.settings.engine.republish_after()).await?;
                ctx.metrics.swept(&swept);
                Ok(ctx.pool.begin().await?)
            }
            Task::ZoneRules => {
                // In transactions of their own, one a goal.
                zone_rules::resolve_all(ctx).await?;
                Ok(ctx.pool.begin().await?)
            }
            Task::Reconcile => {
                let mut tx = ctx.pool.begin().await?;
                let age = ctx.settings.engine.reconcile_after();
                let MissingTimers { unsettled, held } = sending::set_missing_timers(&mut tx, age).await?;
                groups::fold_sizes(&mut tx).await?;
                for Abandoned { organization_id, id } in imports::abandoned(&mut tx, ABANDONED).await? {
                    ctx.objects.delete_folder(&steps::folder(organization_id, id)).await?;
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
                Ok(tx)
            }
        }
    }
}

const fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}
