//! Timers: which job each kind makes when it fires.

use muster_domain::ids::{BatchId, GoalId, GroupId, JobId, OrganizationId};
use serde_json::Value;
use uuid::Uuid;

use crate::{JobKind, JobPayload, payloads};

/// What a one-shot timer is about; with its subject it is unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerKind {
    /// A goal's workflows become available. Subject: the goal.
    GoalOpens,
    /// A goal's workflows close. Subject: the goal.
    GoalCloses,
    /// The next step of a release plan. Subject: the goal.
    BatchRelease,
    /// A reminder window opens. Subject: the goal.
    ReminderOpens,
    /// A batch's lease runs out. Subject: the batch.
    LeaseExpires,
    /// The first of a group's held messages can go. Subject: the group.
    HoldEnds,
    /// Lanes have room for some of what waits for them. Subject: the organization.
    RateOpens,
    /// Hand-overs without an outcome are old enough to ask the carrier. Subject: the `send` job.
    ReconcileDue,
}

impl TimerKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::GoalOpens,
        Self::GoalCloses,
        Self::BatchRelease,
        Self::ReminderOpens,
        Self::LeaseExpires,
        Self::HoldEnds,
        Self::RateOpens,
        Self::ReconcileDue,
    ];

    /// The word for it in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GoalOpens => "goal-opens",
            Self::GoalCloses => "goal-closes",
            Self::BatchRelease => "batch-release",
            Self::ReminderOpens => "reminder-opens",
            Self::LeaseExpires => "lease-expires",
            Self::HoldEnds => "hold-ends",
            Self::RateOpens => "rate-opens",
            Self::ReconcileDue => "reconcile-due",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The job that a timer makes for its subject.
    pub fn job(self, subject: Uuid) -> Result<(JobKind, Value), serde_json::Error> {
        match self {
            Self::GoalOpens | Self::GoalCloses => of(&payloads::GoalTransition { goal_id: GoalId(subject) }),
            Self::BatchRelease => of(&payloads::BatchRelease { goal_id: GoalId(subject) }),
            Self::ReminderOpens => of(&payloads::ReminderOpen { goal_id: GoalId(subject) }),
            Self::LeaseExpires => of(&payloads::LeaseExpiry { batch_id: BatchId(subject) }),
            Self::HoldEnds => of(&payloads::HoldRelease { group_id: GroupId(subject) }),
            Self::RateOpens => of(&payloads::RateRelease { organization_id: OrganizationId(subject) }),
            Self::ReconcileDue => of(&payloads::MessageReconcile { send_job_id: JobId(subject) }),
        }
    }
}

fn of<P: JobPayload>(payload: &P) -> Result<(JobKind, Value), serde_json::Error> {
    Ok((P::KIND, serde_json::to_value(payload)?))
}
