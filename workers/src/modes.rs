//! How handlers are written: a trait for each mode of execution, and the runner's calls of a kind.
//!
//! A kind's payload says its mode (`muster_jobs::Job::Mode`); its handler implements the trait of
//! that mode and no other.

use std::time::Duration;

use futures::{FutureExt, future::BoxFuture};
use muster_domain::ids::JobId;
use muster_jobs::{
    Job,
    payload::{self, PayloadError},
};
use muster_storage::{Tx, engine::claim::ClaimedJob};

use crate::{Context, Slot, error::JobError};

/// A handler with a lease and a transaction for each job.
pub trait Leased: Job<Mode = muster_jobs::Leased> {
    /// Does the job. Returns the open transaction that holds its effects; the runner adds the
    /// completion and commits both together.
    fn run(self, ctx: &Context, job: &ClaimedJob) -> impl Future<Output = Result<Tx, JobError>> + Send;
}

/// A handler with jobs that are done within the transaction of their bundle.
pub trait InTransaction: Job<Mode = muster_jobs::InTransaction> {
    /// Does the job: its effects go into the transaction.
    fn run(self, ctx: &Context, tx: &mut Tx, job: &ClaimedJob) -> impl Future<Output = Result<(), JobError>> + Send;

    /// Whether [`Self::run_by_sets`] is asked first. The jobs that it leaves have a transaction
    /// each, because two of them together might take locks in another order than others do.
    const BY_SETS: bool = false;

    /// Does those jobs of a bundle whose effects can be written by sets, in a transaction of their
    /// own, and returns their ids. An error undoes it, and each job is run.
    fn run_by_sets(
        _ctx: &Context,
        _tx: &mut Tx,
        _jobs: Vec<(&ClaimedJob, Self)>,
    ) -> impl Future<Output = Result<Vec<JobId>, JobError>> + Send {
        std::future::ready(Ok(Vec::new()))
    }
}

/// A handler that does several jobs of one bundle at once.
pub trait Together: Job<Mode = muster_jobs::Together> {
    /// Puts the jobs of a bundle into groups, each of which is done at once.
    fn groups<'a>(
        ctx: &Context,
        jobs: &'a [ClaimedJob],
    ) -> impl Future<Output = Result<Vec<Vec<&'a ClaimedJob>>, JobError>> + Send;

    /// Does a group of jobs. Returns the open transaction that holds the effects of all of them. A
    /// handler that waits for an answer from outside lends its slot meanwhile.
    fn run(ctx: &Context, jobs: &[&ClaimedJob], slot: &mut Slot) -> impl Future<Output = Result<Tx, JobError>> + Send;
}

/// A kind's handler, as the runner calls it.
#[derive(Debug, Clone, Copy)]
pub enum Handler {
    /// Of a kind that is [`Leased`].
    Leased(for<'a> fn(&'a Context, &'a ClaimedJob) -> BoxFuture<'a, Result<Tx, JobError>>),
    /// Of a kind that is [`InTransaction`].
    InTransaction(BundleHandler),
    /// Of a kind that is [`Together`].
    Together(GroupHandler),
}

/// The two calls of a kind that is [`InTransaction`].
#[derive(Debug, Clone, Copy)]
pub struct BundleHandler {
    /// Does one job.
    pub(crate) run: RunWithin,
    /// Does those of a bundle that can be done by sets.
    pub(crate) run_by_sets: RunBySets,
    /// These are asked for first; the others have a transaction each then.
    pub(crate) by_sets: bool,
}

type RunWithin = for<'a> fn(&'a Context, &'a mut Tx, &'a ClaimedJob) -> BoxFuture<'a, Result<(), JobError>>;
type RunBySets = for<'a> fn(&'a Context, &'a mut Tx, &'a [ClaimedJob]) -> BoxFuture<'a, Result<Vec<JobId>, JobError>>;

/// The two calls of a kind that is [`Together`].
#[derive(Debug, Clone, Copy)]
pub struct GroupHandler {
    /// Puts jobs into groups.
    pub(crate) groups: Groups,
    /// Does a group.
    pub(crate) run: RunGroup,
}

type Groups = for<'a> fn(&'a Context, &'a [ClaimedJob]) -> BoxFuture<'a, Result<Vec<Vec<&'a ClaimedJob>>, JobError>>;
type RunGroup = for<'a> fn(&'a Context, &'a [&'a ClaimedJob], &'a mut Slot) -> BoxFuture<'a, Result<Tx, JobError>>;

impl Handler {
    /// Returns the handler of a [`Leased`] kind.
    pub fn leased<J: Leased>() -> Self {
        Self::Leased(|ctx, job| async move { payload::<J>(job)?.run(ctx, job).await }.boxed())
    }

    /// Returns the handler of an [`InTransaction`] kind.
    pub fn in_transaction<J: InTransaction>() -> Self {
        let run: RunWithin = |ctx, tx, job| async move { payload::<J>(job)?.run(ctx, tx, job).await }.boxed();
        let run_by_sets: RunBySets = |ctx, tx, jobs| {
            // A job whose payload cannot be read ends by itself, as one that is run.
            let jobs = jobs.iter().filter(|job| job.kind.as_str() == J::NAME);
            let jobs = jobs.filter_map(|job| payload::<J>(job).ok().map(|read| (job, read))).collect();
            J::run_by_sets(ctx, tx, jobs).boxed()
        };
        Self::InTransaction(BundleHandler { run, run_by_sets, by_sets: J::BY_SETS })
    }

    /// Returns the handler of a [`Together`] kind.
    pub fn together<J: Together>() -> Self {
        let run: RunGroup = |ctx, jobs, slot| {
            async move {
                for job in jobs {
                    payload::<J>(job)?;
                }
                J::run(ctx, jobs, slot).await
            }
            .boxed()
        };
        Self::Together(GroupHandler { groups: |ctx, jobs| J::groups(ctx, jobs).boxed(), run })
    }

    /// Runs one job. Returns the open transaction that holds its effects.
    pub(crate) async fn run(self, ctx: &Context, job: &ClaimedJob, slot: &mut Slot) -> Result<Tx, JobError> {
        match self {
            Self::Leased(run) => run(ctx, job).await,
            Self::InTransaction(handler) => {
                let mut tx = ctx.pool.begin().await?;
                (handler.run)(ctx, &mut tx, job).await?;
                Ok(tx)
            }
            Self::Together(handler) => (handler.run)(ctx, &[job], slot).await,
        }
    }

    /// Runs one job within a transaction. Fails for a job of another mode, which a message of the
    /// wrong kind has named: it needs a lease.
    pub(crate) async fn run_within(self, ctx: &Context, tx: &mut Tx, job: &ClaimedJob) -> Result<(), JobError> {
        match self {
            Self::InTransaction(handler) => (handler.run)(ctx, tx, job).await,
            Self::Leased(_) | Self::Together(_) => Err(JobError::fail(format!("{} needs a lease", job.kind))),
        }
    }

    /// Returns whether some jobs of a bundle can be done by sets.
    pub(crate) const fn by_sets(self) -> bool {
        matches!(self, Self::InTransaction(BundleHandler { by_sets: true, .. }))
    }

    /// Does those jobs of a bundle that can be done by sets, and returns their ids.
    pub(crate) async fn run_by_sets(
        self,
        ctx: &Context,
        tx: &mut Tx,
        jobs: &[ClaimedJob],
    ) -> Result<Vec<JobId>, JobError> {
        match self {
            Self::InTransaction(handler) => (handler.run_by_sets)(ctx, tx, jobs).await,
            Self::Leased(_) | Self::Together(_) => Ok(Vec::new()),
        }
    }
}

/// How long a job waits for a worker of a newer version before the next try.
pub(crate) const NEWER_WORKER_WAIT: Duration = Duration::from_mins(1);

/// Reads a payload. One of a newer version waits for a worker of that version; any other that
/// cannot be read is parked at once (engine promise J7).
fn payload<J: Job>(job: &ClaimedJob) -> Result<J, JobError> {
    payload::read(job.payload.clone()).map_err(|error| match error {
        PayloadError::Newer(_) => JobError::NotYet {
            delay: NEWER_WORKER_WAIT,
            why: "its payload is of a newer version: it waits for such a worker",
        },
        PayloadError::Shape(_) => JobError::fail(error.to_string()),
    })
}

/// Makes `of`, which returns the [`Handler`] of a `JobKind`, of a list of kinds for each mode.
/// Kinds are those of the module `kinds` that is in scope.
///
/// A kind that was added as docs/adding-a-job.md says, with its payload, its handler and its two
/// lines:
///
/// ```
#[doc = include_str!("../tests/adding_a_job/greeting.rs")]
///
/// muster_workers::registry! {
///     leased![Greeting];
///     in_transaction![];
///     together![];
/// }
///
/// fn main() {
///     let kind = kinds::JobKind::parse("greeting").expect("a kind of this name");
///     assert_eq!((kind.as_str(), kind.policy().share), ("greeting", Some(2)));
///     assert_eq!(kind.execution(), muster_jobs::Execution::Leased);
///     assert!(matches!(of(kind), muster_workers::modes::Handler::Leased(_)));
/// }
/// ```
///
/// In the list of another mode it does not compile:
///
/// ```compile_fail,E0277
#[doc = include_str!("../tests/adding_a_job/greeting.rs")]
///
/// muster_workers::registry! {
///     leased![];
///     in_transaction![Greeting];
///     together![];
/// }
///
/// fn main() {}
/// ```
///
/// In no list neither:
///
/// ```compile_fail,E0004
#[doc = include_str!("../tests/adding_a_job/greeting.rs")]
///
/// muster_workers::registry! {
///     leased![];
///     in_transaction![];
///     together![];
/// }
///
/// fn main() {}
/// ```
///
/// A handler of another mode than the payload's does not compile:
///
/// ```compile_fail,E0271
#[doc = include_str!("../tests/adding_a_job/greeting.rs")]
///
/// impl muster_workers::InTransaction for kinds::Greeting {
///     async fn run(
///         self,
///         _ctx: &muster_workers::Context,
///         _tx: &mut muster_storage::Tx,
///         _job: &muster_storage::engine::claim::ClaimedJob,
///     ) -> Result<(), muster_workers::error::JobError> {
///         Ok(())
///     }
/// }
///
/// fn main() {}
/// ```
#[macro_export]
macro_rules! registry {
    (
        leased![$($leased:ident),* $(,)?];
        in_transaction![$($in_transaction:ident),* $(,)?];
        together![$($together:ident),* $(,)?];
    ) => {
        /// Returns the handler of a kind.
        pub(crate) fn of(kind: kinds::JobKind) -> $crate::modes::Handler {
            match kind {
                $(kinds::JobKind::$leased => $crate::modes::Handler::leased::<kinds::$leased>(),)*
                $(kinds::JobKind::$in_transaction => $crate::modes::Handler::in_transaction::<kinds::$in_transaction>(),)*
                $(kinds::JobKind::$together => $crate::modes::Handler::together::<kinds::$together>(),)*
            }
        }
    };
}
