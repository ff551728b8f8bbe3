//! Job kinds: the flat list of everything that happens by itself.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A kind of job. Its name is the queue's suffix, the span's name and the word in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobKind {
    /// Reads an uploaded file into contacts.
    CsvIngestion,
    /// Freezes a launched goal's targets and cuts them into batches.
    BatchPartition,
    /// A goal opened or closed.
    GoalTransition,
    /// Releases held batches by the goal's plan.
    BatchRelease,
    /// A reminder window opened: makes batches of those who said yes.
    ReminderOpen,
    /// A batch's lease or a thread's claim ran out.
    LeaseExpiry,
    /// Hands messages to the carrier.
    Send,
    /// Held messages can go now.
    HoldRelease,
    /// Asks the carrier about messages whose hand-over has no known outcome.
    MessageReconcile,
    /// Applies the carrier's receipts.
    DeliveryReceipt,
    /// Handles a text from a contact.
    InboundMessage,
    /// Erases a person.
    Redaction,
}

impl JobKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::CsvIngestion,
        Self::BatchPartition,
        Self::GoalTransition,
        Self::BatchRelease,
        Self::ReminderOpen,
        Self::LeaseExpiry,
        Self::Send,
        Self::HoldRelease,
        Self::MessageReconcile,
        Self::DeliveryReceipt,
        Self::InboundMessage,
        Self::Redaction,
    ];

    /// The kind's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CsvIngestion => "csv-ingestion",
            Self::BatchPartition => "batch-partition",
            Self::GoalTransition => "goal-transition",
            Self::BatchRelease => "batch-release",
            Self::ReminderOpen => "reminder-open",
            Self::LeaseExpiry => "lease-expiry",
            Self::Send => "send",
            Self::HoldRelease => "hold-release",
            Self::MessageReconcile => "message-reconcile",
            Self::DeliveryReceipt => "delivery-receipt",
            Self::InboundMessage => "inbound-message",
            Self::Redaction => "redaction",
        }
    }

    /// The kind of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Attempts before a job of this kind is parked.
    pub const fn max_attempts(self) -> i32 {
        match self {
            Self::CsvIngestion | Self::Redaction => 5,
            Self::MessageReconcile => 12,
            _ => 8,
        }
    }

    /// How long one attempt may take before it is ended and counted as an error.
    pub const fn time_limit(self) -> Duration {
        match self {
            Self::CsvIngestion => Duration::from_hours(4),
            Self::Redaction | Self::BatchPartition => Duration::from_mins(30),
            _ => Duration::from_mins(5),
        }
    }

    /// Unacknowledged deliveries that a worker takes of this kind, and so the jobs of it that run at once in one worker.
    pub const fn prefetch(self) -> u16 {
        match self {
            Self::CsvIngestion | Self::BatchPartition => 1,
            Self::Redaction | Self::ReminderOpen | Self::MessageReconcile => 2,
            _ => 8,
        }
    }

    /// Jobs of this kind that may be published and unclaimed at a time: the broker's queue stays short, and the order is the
    /// database's.
    pub const fn window(self) -> i64 {
        match self {
            Self::CsvIngestion | Self::BatchPartition => 32,
            _ => 1_000,
        }
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
}
