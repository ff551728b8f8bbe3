//! Batches and their leases: kinds, states and the state machine (rules B1 to B6 and W6).

use chrono::{DateTime, Utc};
use strum::{VariantArray, VariantNames};

use crate::{ids::MemberId, text_enum};

/// The purpose of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum BatchKind {
    /// Opens conversations.
    Initial,
    /// Reminds contacts with a yes.
    Reminder,
}

text_enum!(BatchKind);

/// The one state that a batch is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum BatchState {
    /// Waits for its release (rule B6).
    Held,
    /// Waits for an agent.
    Released,
    /// Is leased to an agent.
    Leased,
    /// Every contact in it is texted or skipped.
    Finished,
}

text_enum!(BatchState);

/// A batch as it stands: its state with all that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// The one state.
    pub phase: BatchPhase,
    /// The fencing token: bumped by every claim, compared by every write under a lease (rule B3).
    pub token: i64,
    /// The only agent that may claim it, in goals with assigned agents.
    pub assigned_to: Option<MemberId>,
}

/// State of a batch, with its lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchPhase {
    /// Waits for its release.
    Held,
    /// Waits for an agent.
    Released,
    /// Is leased to an agent.
    Leased(Holding),
    /// Every contact in it is texted or skipped.
    Finished,
}

/// An agent that holds a batch until an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// The agent.
    pub agent_id: MemberId,
    /// When it runs out, by the database's clock.
    pub expires_at: DateTime<Utc>,
}

/// A command to a batch. `left`: contacts in it are still to be texted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchCommand {
    /// Releases it (rule B6).
    Release,
    /// Leases it to an agent.
    Claim(Holding),
    /// Ends the lease with nobody left, or finds a held batch without anybody.
    Finish {
        /// Contacts are left.
        left: bool,
    },
    /// Hands it back early (rule B5). The caller holds the lease.
    HandBack {
        /// Contacts are left.
        left: bool,
    },
    /// Takes it back from a lease that has run out (rule B2).
    Expire {
        /// Contacts are left.
        left: bool,
    },
}

/// Why a batch refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatchRefusal {
    /// It is released already.
    #[error("the batch is not held")]
    NotHeld,
    /// It cannot be claimed.
    #[error("the batch is not released")]
    NotReleased,
    /// Only another agent may claim it.
    #[error("the batch is another agent's")]
    AnotherAgents,
    /// No agent has it.
    #[error("the batch is not leased")]
    NotLeased,
    /// The lease goes on.
    #[error("the lease has not run out")]
    NotExpired,
    /// Contacts are left in it.
    #[error("contacts are left in the batch")]
    ContactsLeft,
}

/// Why a write under a lease is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeaseRefusal {
    /// No such batch for this agent.
    #[error("the batch is not the agent's")]
    NotYours,
    /// The token is stale: the batch was returned, and perhaps claimed by somebody else.
    #[error("the batch was returned, and perhaps claimed by somebody else")]
    StaleToken,
    /// The lease has run out, even if only a millisecond ago.
    #[error("the lease has run out")]
    Expired,
}

impl BatchPhase {
    /// Returns the state alone.
    pub const fn state(self) -> BatchState {
        match self {
            Self::Held => BatchState::Held,
            Self::Released => BatchState::Released,
            Self::Leased(_) => BatchState::Leased,
            Self::Finished => BatchState::Finished,
        }
    }

    /// Returns the lease.
    pub const fn holding(self) -> Option<Holding> {
        match self {
            Self::Leased(holding) => Some(holding),
            Self::Held | Self::Released | Self::Finished => None,
        }
    }

    /// Returns the phase that a batch without an agent comes to.
    const fn returned(left: bool) -> Self {
        if left { Self::Released } else { Self::Finished }
    }
}

impl Batch {
    /// Returns the batch after a command at an instant; a batch that refuses stays as it is.
    pub fn after(self, command: BatchCommand, now: DateTime<Utc>) -> Result<Self, BatchRefusal> {
        let phase = match (command, self.phase) {
            (BatchCommand::Release, BatchPhase::Held) => BatchPhase::Released,
            (BatchCommand::Release, BatchPhase::Released | BatchPhase::Leased(_) | BatchPhase::Finished) => {
                return Err(BatchRefusal::NotHeld);
            }
            (BatchCommand::Claim(holding), BatchPhase::Released) => {
                if self.assigned_to.is_some_and(|agent| agent != holding.agent_id) {
                    return Err(BatchRefusal::AnotherAgents);
                }
                return Ok(Self { phase: BatchPhase::Leased(holding), token: self.token + 1, ..self });
            }
            (BatchCommand::Claim(_), BatchPhase::Held | BatchPhase::Leased(_) | BatchPhase::Finished) => {
                return Err(BatchRefusal::NotReleased);
            }
            (BatchCommand::Finish { left: true }, BatchPhase::Held | BatchPhase::Leased(_)) => {
                return Err(BatchRefusal::ContactsLeft);
            }
            (BatchCommand::Finish { left: false }, BatchPhase::Held | BatchPhase::Leased(_)) => BatchPhase::Finished,
            (BatchCommand::Expire { .. }, BatchPhase::Leased(holding)) if holding.expires_at > now => {
                return Err(BatchRefusal::NotExpired);
            }
            (BatchCommand::HandBack { left } | BatchCommand::Expire { left }, BatchPhase::Leased(_)) => {
                BatchPhase::returned(left)
            }
            (BatchCommand::Finish { .. }, BatchPhase::Released | BatchPhase::Finished)
            | (
                BatchCommand::HandBack { .. } | BatchCommand::Expire { .. },
                BatchPhase::Held | BatchPhase::Released | BatchPhase::Finished,
            ) => return Err(BatchRefusal::NotLeased),
        };
        Ok(Self { phase, ..self })
    }

    /// Returns the end of the agent's lease, if they hold it with this token (rule B3).
    pub fn held_by(&self, agent_id: MemberId, token: i64, now: DateTime<Utc>) -> Result<DateTime<Utc>, LeaseRefusal> {
        match self.phase.holding() {
            Some(holding) if holding.agent_id != agent_id && token == self.token => Err(LeaseRefusal::NotYours),
            Some(holding) if holding.agent_id == agent_id && token == self.token => {
                if holding.expires_at > now {
                    Ok(holding.expires_at)
                } else {
                    Err(LeaseRefusal::Expired)
                }
            }
            _ => Err(LeaseRefusal::StaleToken),
        }
    }
}

#[cfg(test)]
mod tests;
