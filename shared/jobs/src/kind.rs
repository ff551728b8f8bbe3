//! Job kinds: the flat list of everything that happens by itself.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A kind of job. Its name is the queue's suffix, the span's name and the word in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobKind {
    /// Looks at an uploaded file and cuts it into parts.
    ImportCut,
    /// Reads a part of an uploaded file.
    CsvIngestion,
    /// Finds out how many of a file's people there is room for, once all of it is read.
    ImportAdmit,
    /// Applies a shard of a file's rows: contacts, memberships, tags.
    ImportApply,
    /// Ends an import: adds up, and tidies.
    ImportEnd,
    /// Fetches a source's file, and imports it if it has changed.
    ImportFetch,
    /// Takes an import back.
    ImportUndo,
    /// Looks up who serves contacts' numbers.
    CarrierLookup,
    /// Freezes a launched goal's targets and cuts them into batches.
    BatchPartition,
    /// A goal opened or closed.
    GoalTransition,
    /// Releases held batches by the goal's plan.
    BatchRelease,
    /// A reminder window opened: makes batches of those who said yes.
    ReminderOpen,
    /// A batch's lease ran out. A claim of a thread needs no job: whoever looks at it sees that it has run out.
    LeaseExpiry,
    /// Hands messages to the carrier.
    Send,
    /// Held messages can go now.
    HoldRelease,
    /// Lanes have room for messages that wait for them.
    RateRelease,
    /// Asks the carrier about messages whose hand-over has no known outcome.
    MessageReconcile,
    /// Applies the carrier's receipts.
    DeliveryReceipt,
    /// Handles a text from a contact.
    InboundMessage,
    /// Erases a person.
    Redaction,
    /// The installation's own upkeep.
    Upkeep,
    /// Does nothing: shows that a job comes all the way through.
    Probe,
}

/// How a job's effects and its completion come to commit together (engine promise J2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Execution {
    /// Claim, effects and completion are one transaction, and those of a whole bundle with it. For short handlers that touch nothing but
    /// Postgres and lock no row that somebody waits for: no unique key, which an enqueuer would wait for, and no goal or batch.
    OneTransaction,
    /// The claim commits first and is held by a lease; effects and completion are a transaction of each job's own.
    UnderLease,
    /// As under a lease, but jobs of one organization that came in one bundle are worked on together: their effects and completions are one
    /// transaction. If that fails, each is tried alone, within the same attempt.
    Together,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; 22] = [
        Self::ImportCut,
        Self::CsvIngestion,
        Self::ImportAdmit,
        Self::ImportApply,
        Self::ImportEnd,
        Self::ImportFetch,
        Self::ImportUndo,
        Self::CarrierLookup,
        Self::BatchPartition,
        Self::GoalTransition,
        Self::BatchRelease,
        Self::ReminderOpen,
        Self::LeaseExpiry,
        Self::Send,
        Self::HoldRelease,
        Self::RateRelease,
        Self::MessageReconcile,
        Self::DeliveryReceipt,
        Self::InboundMessage,
        Self::Redaction,
        Self::Upkeep,
        Self::Probe,
    ];

    /// The kind's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ImportCut => "import-cut",
            Self::CsvIngestion => "csv-ingestion",
            Self::ImportAdmit => "import-admit",
            Self::ImportApply => "import-apply",
            Self::ImportEnd => "import-end",
            Self::ImportFetch => "import-fetch",
            Self::ImportUndo => "import-undo",
            Self::CarrierLookup => "carrier-lookup",
            Self::BatchPartition => "batch-partition",
            Self::GoalTransition => "goal-transition",
            Self::BatchRelease => "batch-release",
            Self::ReminderOpen => "reminder-open",
            Self::LeaseExpiry => "lease-expiry",
            Self::Send => "send",
            Self::HoldRelease => "hold-release",
            Self::RateRelease => "rate-release",
            Self::MessageReconcile => "message-reconcile",
            Self::DeliveryReceipt => "delivery-receipt",
            Self::InboundMessage => "inbound-message",
            Self::Redaction => "redaction",
            Self::Upkeep => "upkeep",
            Self::Probe => "probe",
        }
    }

    /// The kind of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Attempts before a job of this kind is parked.
    pub const fn max_attempts(self) -> i32 {
        match self {
            Self::Redaction => 5,
            Self::MessageReconcile => 12,
            // Hours of an API that is away.
            Self::CarrierLookup => 40,
            _ => 8,
        }
    }

    /// How long one attempt may take before it is ended and counted as an error.
    pub const fn time_limit(self) -> Duration {
        match self {
            Self::ImportCut | Self::ImportFetch => Duration::from_hours(2),
            Self::CarrierLookup
            | Self::CsvIngestion
            | Self::ImportAdmit
            | Self::ImportApply
            | Self::ImportEnd
            | Self::ImportUndo
            | Self::Redaction
            | Self::BatchPartition
            | Self::Upkeep => Duration::from_mins(30),
            _ => Duration::from_mins(5),
        }
    }

    /// How the kind is executed.
    pub const fn execution(self) -> Execution {
        match self {
            Self::InboundMessage | Self::Probe => Execution::OneTransaction,
            Self::Send => Execution::Together,
            _ => Execution::UnderLease,
        }
    }

    /// Jobs that one message may carry: when there is a backlog, or whenever they are due together if they are worked on together. Kinds with a unique key travel alone: claiming several keys in one
    /// statement while others enqueue several could deadlock.
    pub const fn bundle(self) -> usize {
        match self {
            Self::Probe => 100,
            Self::LeaseExpiry | Self::InboundMessage => 50,
            Self::Send => 16,
            _ => 1,
        }
    }

    /// Jobs of one bundle, or groups of them, that a worker runs at a time.
    pub const fn concurrency(self) -> usize {
        match self {
            Self::Send => 16,
            _ => 1,
        }
    }

    /// Of kinds whose jobs may take long: jobs of one organization that are published or running at a time, for each worker. What a worker
    /// takes beyond is for others, however long these take (engine promise J6). Most of these kinds work in Postgres all the while, and few of
    /// their jobs run at a time. A send is quick as long as its carrier is, which nobody can promise, and waits without using anything: so
    /// there may be many of them. Steps of a goal or of what is held may touch thousands of rows, and wait for locks of others.
    ///
    /// Kinds without a share touch a bounded number of rows in one short transaction each and ask nothing outside of Postgres: a batch whose
    /// lease ran out, a text that came in, receipts by their step.
    pub const fn share(self) -> Option<u16> {
        match self {
            Self::Send => Some(64),
            Self::GoalTransition | Self::BatchRelease | Self::HoldRelease | Self::RateRelease => Some(4),
            Self::ImportCut | Self::ImportAdmit | Self::ImportUndo | Self::BatchPartition | Self::Upkeep => Some(1),
            Self::CsvIngestion
            | Self::ImportApply
            | Self::ImportEnd
            | Self::ImportFetch
            | Self::CarrierLookup
            | Self::Redaction
            | Self::ReminderOpen
            | Self::MessageReconcile => Some(2),
            Self::LeaseExpiry | Self::DeliveryReceipt | Self::InboundMessage | Self::Probe => None,
        }
    }

    /// Unacknowledged messages that a worker takes of this kind: a third more than one organization's jobs, so that there is room for others'
    /// even if each of those travels alone.
    pub const fn prefetch(self) -> u16 {
        match self.share() {
            Some(share) if share < 3 => share + 1,
            Some(share) => share + share / 3,
            None => 8,
        }
    }

    /// Jobs of this kind that may be published and unclaimed at a time: the broker's queue stays short, and the order is the
    /// database's.
    pub const fn window(self) -> i64 {
        match self {
            Self::ImportCut
            | Self::CsvIngestion
            | Self::ImportAdmit
            | Self::ImportApply
            | Self::ImportEnd
            | Self::ImportFetch
            | Self::ImportUndo
            | Self::CarrierLookup
            | Self::BatchPartition
            | Self::Upkeep => 32,
            Self::Redaction | Self::ReminderOpen | Self::MessageReconcile => 64,
            Self::Send => 128,
            Self::Probe => 1_600,
            _ => 400,
        }
    }

    /// Of kinds with a [`share`](Self::share): jobs of one organization that may be published and unclaimed at a time, however many workers
    /// there are. The rest of the window is for others.
    pub const fn window_of_one(self) -> i64 {
        self.window() * 3 / 4
    }
}

impl std::fmt::Display for JobKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_everywhere() {
        for kind in JobKind::ALL {
            assert_eq!(JobKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }

    #[test]
    fn j6_a_worker_has_room_beside_a_tenants_long_jobs() {
        for kind in JobKind::ALL {
            let Some(share) = kind.share() else { continue };
            assert!(share < kind.prefetch(), "{kind}: even when each job is a message of its own");
            assert_eq!(kind.concurrency(), kind.bundle(), "{kind}: nobody waits for who is in the same message");
        }
    }

    #[test]
    fn j6_only_kinds_that_cannot_be_slow_have_no_share() {
        let without: Vec<_> = JobKind::ALL.into_iter().filter(|kind| kind.share().is_none()).collect();
        assert_eq!(without, [JobKind::LeaseExpiry, JobKind::DeliveryReceipt, JobKind::InboundMessage, JobKind::Probe]);
    }

    #[test]
    fn j6_one_tenants_jobs_never_use_up_what_may_be_published_of_a_kind() {
        for kind in JobKind::ALL {
            let Some(share) = kind.share() else { continue };
            assert!(i64::from(share) <= kind.window_of_one(), "{kind}: one worker can be given a tenant's whole share");
            assert!(kind.window_of_one() < kind.window(), "{kind}");
        }
    }
}
