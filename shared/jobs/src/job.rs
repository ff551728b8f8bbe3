//! The shape of a kind of job: a payload that declares its name, its mode and its policy.

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

/// A kind of job, declared by its payload. A payload carries ids and instants, never personal data
/// (rule R5).
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The kind's name: the queue's suffix, the span's name and the word in the database.
    const NAME: &'static str;

    /// How effects and completion come to commit together: [`Leased`], [`InTransaction`] or
    /// [`Together`].
    type Mode: Mode;

    /// The kind's limits.
    const POLICY: Policy;

    /// The version of the payload's form. A change that workers of the version before cannot read
    /// raises it, and such a worker leaves the job to newer ones ([`payload`](crate::payload)).
    const FORM: u8 = 1;

    /// How long a new job waits, so that more work can gather for it. For kinds with a unique key.
    const GATHERS: Duration = Duration::ZERO;

    /// The job is a step of the import that its payload names as `import_id`: while one is under
    /// way, the import is not given up.
    const STEP_OF_IMPORT: bool = false;

    /// While a job with this key waits to be claimed, enqueuing another does nothing (engine
    /// promise J4).
    fn unique_key(&self) -> Option<String> {
        None
    }
}

/// A kind's limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Attempts before a job is parked as a dead letter.
    pub max_attempts: i32,
    /// The longest that one attempt may take before it is ended and counted as an error.
    pub time_limit: Duration,
    /// Jobs that one message may carry: when there is a backlog, or whenever they are due together
    /// if they are worked on together. Kinds with a unique key travel alone: claiming several keys
    /// in one statement while others enqueue several could deadlock.
    pub bundle: usize,
    /// Jobs of one bundle, or groups of them, that a worker runs at a time.
    pub concurrency: usize,
    /// Fairness quota: jobs of one organization that are published or running at a time, for each
    /// live worker (engine promise J6). A worker takes a third more, for other organizations. A
    /// kind that may be slow has one.
    ///
    /// Kinds without a share touch a bounded number of rows in one short transaction each, and ask
    /// nothing outside of Postgres.
    pub share: Option<u16>,
    /// Backpressure: jobs that may be published and unclaimed at a time. The broker's queue stays
    /// short, and the order is the database's.
    pub window: i64,
}

impl Policy {
    /// A few statements: eight attempts of five minutes at most.
    pub const SHORT: Self = Self {
        max_attempts: 8,
        time_limit: Duration::from_mins(5),
        bundle: 1,
        concurrency: 1,
        share: None,
        window: 400,
    };

    /// Work for minutes: eight attempts of half an hour at most, two jobs of an organization for
    /// each worker.
    pub const LONG: Self = Self { time_limit: Duration::from_mins(30), share: Some(2), window: 32, ..Self::SHORT };

    /// Returns the prefetch of a kind, its unacknowledged messages in a worker: a third more than
    /// one organization's jobs, so that there is room for others' even if each of those travels
    /// alone.
    pub const fn prefetch(&self) -> u16 {
        match self.share {
            Some(share) if share < 3 => share + 1,
            Some(share) => share + share / 3,
            None => 8,
        }
    }

    /// Returns the jobs of one organization that may be published and unclaimed at a time of a kind
    /// with a [`share`](Self::share), however many workers there are. The rest of the window is for
    /// others.
    pub const fn window_of_one(&self) -> i64 {
        self.window * 3 / 4
    }
}

/// How a job's effects and its completion come to commit together (engine promise J2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// [`Leased`].
    Leased,
    /// [`InTransaction`].
    InTransaction,
    /// [`Together`].
    Together,
}

/// A mode of execution, as a type: a handler of another mode than its payload's does not compile.
pub trait Mode: sealed::Sealed {
    /// The mode as a value.
    const EXECUTION: Execution;
}

/// The claim commits first and is held by a lease; effects and completion are a transaction of each
/// job's own.
#[derive(Debug)]
pub enum Leased {}

/// Claim, effects and completion are one transaction, and those of a whole bundle with it. For
/// short handlers that touch nothing but Postgres and lock no row that somebody waits for: no
/// unique key, which an enqueuer would wait for, and no goal or batch.
#[derive(Debug)]
pub enum InTransaction {}

/// As [`Leased`], but jobs of one organization that came in one bundle are worked on together:
/// their effects and completions are one transaction. If that fails, each is tried alone, within
/// the same attempt.
#[derive(Debug)]
pub enum Together {}

impl Mode for Leased {
    const EXECUTION: Execution = Execution::Leased;
}

impl Mode for InTransaction {
    const EXECUTION: Execution = Execution::InTransaction;
}

impl Mode for Together {
    const EXECUTION: Execution = Execution::Together;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Leased {}
    impl Sealed for super::InTransaction {}
    impl Sealed for super::Together {}
}

/// Makes `JobKind` of a table of kinds, one line each: the file and the payload in it. Order,
/// names, policies and modes follow from the table and the payloads.
#[macro_export]
macro_rules! kinds {
    ($($file:ident::$Kind:ident),* $(,)?) => {
        $(pub use $file::$Kind;)*

        /// A kind of job. Its declaration, payload and policy are the type of the same name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum JobKind {
            $(
                #[doc = concat!("[`", stringify!($Kind), "`](type@", stringify!($Kind), ").")]
                $Kind,
            )*
        }

        impl JobKind {
            /// Every kind.
            pub const ALL: [Self; [$(stringify!($Kind)),*].len()] = [$(Self::$Kind),*];

            /// Every kind's name.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$(<$Kind as $crate::Job>::NAME),*];

            /// Returns the kind's name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$Kind => <$Kind as $crate::Job>::NAME,)*
                }
            }

            /// Returns the kind of a name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|kind| kind.as_str() == name)
            }

            /// Returns the kind's limits.
            pub const fn policy(self) -> $crate::Policy {
                match self {
                    $(Self::$Kind => <$Kind as $crate::Job>::POLICY,)*
                }
            }

            /// Returns how the kind is executed.
            pub const fn execution(self) -> $crate::Execution {
                match self {
                    $(Self::$Kind => <<$Kind as $crate::Job>::Mode as $crate::Mode>::EXECUTION,)*
                }
            }

            /// Returns whether a job of this kind is a step of the import that its payload names.
            pub const fn is_step_of_import(self) -> bool {
                match self {
                    $(Self::$Kind => <$Kind as $crate::Job>::STEP_OF_IMPORT,)*
                }
            }
        }
    };
}
