//! Timers: the table of their subjects, and of the job that each makes when it fires.

use muster_domain::ids::{BatchId, GoalId, GroupId, JobId, OrganizationId};
use serde_json::Value;
use uuid::Uuid;

use crate::kinds::{self, JobKind};

/// Makes [`TimerKind`] of a table, one line each: the kind, its word in the database, and the job
/// with the id in it that is the subject.
macro_rules! timers {
    ($($(#[$doc:meta])* $Timer:ident = $word:literal makes $Kind:ident { $subject:ident: $Id:ident },)*) => {
        /// The subject matter of a one-shot timer; with its subject it is unique.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum TimerKind {
            $($(#[$doc])* $Timer,)*
        }

        impl TimerKind {
            /// Every kind.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$Timer),*];

            /// Returns the word for it in the database.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$Timer => $word,)*
                }
            }

            /// Returns the kind of a word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|kind| kind.as_str() == word)
            }

            /// Returns the kind of job that the timer makes.
            pub const fn makes(self) -> JobKind {
                match self {
                    $(Self::$Timer => JobKind::$Kind,)*
                }
            }

            /// Returns the payload of the job that the timer makes for its subject.
            pub fn payload(self, subject: Uuid) -> Result<Value, serde_json::Error> {
                match self {
                    $(Self::$Timer => serde_json::to_value(kinds::$Kind { $subject: $Id(subject) }),)*
                }
            }
        }
    };
}

timers! {
    /// A goal's workflows become available. Subject: the goal.
    GoalOpens = "goal-opens" makes GoalTransition { goal_id: GoalId },
    /// A goal's workflows close. Subject: the goal.
    GoalCloses = "goal-closes" makes GoalTransition { goal_id: GoalId },
    /// The next step of a release plan. Subject: the goal.
    BatchRelease = "batch-release" makes BatchRelease { goal_id: GoalId },
    /// A reminder window opens. Subject: the goal.
    ReminderOpens = "reminder-opens" makes ReminderOpen { goal_id: GoalId },
    /// A batch's lease runs out. Subject: the batch.
    LeaseExpires = "lease-expires" makes LeaseExpiry { batch_id: BatchId },
    /// The first of a group's held messages can go. Subject: the group.
    HoldEnds = "hold-ends" makes HoldRelease { group_id: GroupId },
    /// Lanes have room for some of the texts that wait for them. Subject: the organization.
    RateOpens = "rate-opens" makes RateRelease { organization_id: OrganizationId },
    /// Hand-overs without an outcome are old enough to ask the carrier. Subject: the `send` job.
    ReconcileDue = "reconcile-due" makes MessageReconcile { send_job_id: JobId },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_makes_the_job_of_its_subject() {
        let subject = Uuid::from_u128(7);
        for timer in TimerKind::ALL {
            assert_eq!(TimerKind::parse(timer.as_str()), Some(timer));
            let payload = timer.payload(subject).unwrap();
            let fields: Vec<_> = payload.as_object().unwrap().values().collect();
            assert_eq!(fields, [&Value::from(subject.to_string())], "{timer:?}");
        }
        let made = TimerKind::HoldEnds.payload(subject).unwrap();
        assert_eq!(made, serde_json::json!({ "group_id": subject }));
        assert_eq!(TimerKind::HoldEnds.makes(), JobKind::HoldRelease);
    }
}
