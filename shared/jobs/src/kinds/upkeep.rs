//! `upkeep`: its payload and its policy.

use serde::{Deserialize, Serialize};

use crate::{Job, Leased, Policy};

/// Do a task of the installation's own upkeep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upkeep {
    /// Which.
    pub task: Task,
}

/// A task that keeps an installation in order. Each is scheduled by a row of `schedule`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Make the coming months' partitions.
    Partitions,
    /// Drop partitions of jobs that are over for longer than they are kept.
    JobHistory,
    /// Forget ticks, undecodable messages and gone processes that were written down longer ago than
    /// they are kept.
    EngineHistory,
    /// Forget rejected rows of imports that were over longer ago than they are kept.
    ImportRejects,
    /// Forget addresses of clients in the audit that are older than they are kept.
    AuditAddresses,
    /// Forget answers to idempotent requests.
    IdempotencyKeys,
    /// Forget sessions and sign-ins that are over for longer than they are kept.
    SignInHistory,
    /// Bring back jobs of dead workers, and jobs that the broker lost.
    Sweep,
    /// Set the timers that messages without an outcome, and held ones, should have; fold the sizes
    /// of groups.
    Reconcile,
    /// End files of exports that are kept no longer, and remove them.
    Exports,
    /// Enqueue the retention of each organization.
    Retention,
    /// Resolve local times of goals again that were resolved by older rules of their zones.
    ZoneRules,
}

impl Job for Upkeep {
    const NAME: &'static str = "upkeep";
    type Mode = Leased;
    const POLICY: Policy = Policy { share: Some(1), ..Policy::LONG };
}
