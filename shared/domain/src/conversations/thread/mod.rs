//! The state machine of a thread (rules W2 to W4, W9, G5 and I3), and the limit of replies in it.

use chrono::{DateTime, TimeDelta, Utc};
use strum::{VariantArray, VariantNames};

use crate::{
    conversations::word::Shown,
    goals::availability::{GoalMoment, Unavailable, Work},
    ids::MemberId,
    text_enum,
};

/// A thread as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread {
    /// Its claim, which may have ended.
    pub claim: Option<Claim>,
    /// The agent that the contact is assigned to.
    pub assigned_to: Option<MemberId>,
    /// The agent that texted last; after an assignment the contact's.
    pub texted_by: Option<MemberId>,
    /// Since when the contact waits for an answer.
    pub unread_since: Option<DateTime<Utc>>,
    /// The contact has opted out or was redacted: nobody may text them.
    pub closed: bool,
    /// The goal that last texted here, at this instant.
    pub goal: Option<GoalMoment>,
}

/// How far threads are that a list is about (rules W7 and W9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ThreadProgress {
    /// Any.
    #[default]
    All,
    /// The contact waits for an answer.
    Unresponded,
    /// An agent holds it.
    Held,
    /// Nothing is unread, and no agent holds it.
    Done,
}

text_enum!(ThreadProgress);

/// An agent's hold of a thread until an instant (rule W3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The agent.
    pub agent_id: MemberId,
    /// When it began, by the database's clock.
    pub since: DateTime<Utc>,
    /// When it ends, by the same clock.
    pub until: DateTime<Utc>,
}

impl Claim {
    /// Returns a claim that begins now and lasts a response window.
    pub fn new(agent_id: MemberId, now: DateTime<Utc>, window: TimeDelta) -> Self {
        Self { agent_id, since: now, until: now + window }
    }

    /// Returns the claim with a whole window from now on, as far as two windows after its
    /// beginning. Its last instant is known when it begins, however often its agent asks
    /// (rule W3). It never ends earlier than before.
    #[must_use]
    pub fn extended(self, now: DateTime<Utc>, window: TimeDelta) -> Self {
        let asked = (now + window).min(self.since + window + window);
        Self { until: self.until.max(asked), ..self }
    }
}

/// A command to a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadCommand {
    /// An agent claims it to answer.
    Claim(Claim),
    /// An agent texts, within a claim or outside of any.
    Reply(MemberId),
    /// The holder records the contact's yes, no or maybe.
    Answer(MemberId),
    /// An agent deals with the contact's text without one back, and lets the thread go.
    Done(MemberId),
    /// The holder lets it go; unread texts stay so.
    Release(MemberId),
    /// The holder asks for more time, by response windows of this length.
    Extend(MemberId, TimeDelta),
    /// An agent hands it to another one with this claim.
    HandOn(MemberId, Claim),
    /// An agent records that the contact wants no texts (rule R2).
    OptOut(MemberId),
    /// The contact has written.
    Written {
        /// The thread's look to agents after it.
        shown: Shown,
        /// When it was received.
        at: DateTime<Utc>,
    },
    /// The contact has another agent now, or none: the claim that the agent has on a thread in
    /// hand.
    Reassign(Option<Claim>),
}

/// Why a thread refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThreadRefusal {
    /// Another agent holds it.
    #[error("another agent holds the conversation; wait until the claim ends")]
    Held(Claim),
    /// The agent does not hold it, and it is not theirs outside of a claim.
    #[error("claim the thread first")]
    NotClaimed,
    /// Nothing is unread.
    #[error("nothing is unread")]
    Read,
    /// The contact may not be texted.
    #[error("the contact has opted out")]
    Closed,
    /// The agent would hand it to themselves.
    #[error("hand it to another agent")]
    ToSelf,
    /// Its goal does not allow it (rule G5).
    #[error(transparent)]
    Goal(#[from] Unavailable),
}

impl Thread {
    /// Returns the claim, while it lasts.
    pub fn holder(&self, now: DateTime<Utc>) -> Option<Claim> {
        self.claim.filter(|claim| claim.until > now)
    }

    /// Makes sure that an agent holds it (rule W2).
    pub fn held_by(&self, agent_id: MemberId, now: DateTime<Utc>) -> Result<(), ThreadRefusal> {
        match self.holder(now) {
            Some(claim) if claim.agent_id == agent_id => Ok(()),
            Some(claim) => Err(ThreadRefusal::Held(claim)),
            None => Err(ThreadRefusal::NotClaimed),
        }
    }

    /// Returns whether an agent reads it (rule W9): they hold it, the contact is theirs, or the
    /// last text of an agent was theirs. A contact with an opt-out hides it (rule I3).
    pub fn is_read_by(&self, agent_id: MemberId, now: DateTime<Utc>) -> bool {
        !self.closed
            && (self.assigned_to == Some(agent_id)
                || self.texted_by == Some(agent_id)
                || self.holder(now).is_some_and(|claim| claim.agent_id == agent_id))
    }

    /// Makes sure that an agent may work on it (rules W2 and W9): they hold it; or no agent does,
    /// and the contact is theirs, or nobody's and the last text was theirs.
    pub fn worked_by(&self, agent_id: MemberId, now: DateTime<Utc>) -> Result<(), ThreadRefusal> {
        match self.held_by(agent_id, now) {
            Err(ThreadRefusal::NotClaimed) if self.assigned_to.or(self.texted_by) == Some(agent_id) => Ok(()),
            held => held,
        }
    }

    /// The same for a text to the contact, which their goal allows (rule G5) and they do.
    fn texted_to_by(&self, agent_id: MemberId, now: DateTime<Utc>) -> Result<(), ThreadRefusal> {
        self.worked_by(agent_id, now)?;
        if self.closed {
            return Err(ThreadRefusal::Closed);
        }
        self.answers()
    }

    /// Makes sure that its goal allows answers (rule G5). The goal has texted here, so it was
    /// active.
    fn answers(&self) -> Result<(), ThreadRefusal> {
        self.goal.map_or(Ok(()), |goal| goal.texted().availability(Work::Unread)).map_err(ThreadRefusal::Goal)
    }

    /// Returns the thread after a command at an instant; a thread that refuses stays as it is.
    pub fn after(self, command: ThreadCommand, now: DateTime<Utc>) -> Result<Self, ThreadRefusal> {
        match command {
            ThreadCommand::Claim(claim) => self.claimed(claim, now),
            ThreadCommand::Reply(agent_id) => self.texted_to_by(agent_id, now).map(|()| Self {
                unread_since: None,
                texted_by: Some(agent_id),
                ..self
            }),
            ThreadCommand::Answer(agent_id) => {
                self.held_by(agent_id, now).map(|()| Self { unread_since: None, ..self })
            }
            ThreadCommand::Done(agent_id) => {
                self.worked_by(agent_id, now).map(|()| Self { unread_since: None, claim: None, ..self })
            }
            ThreadCommand::Release(agent_id) => self.held_by(agent_id, now).map(|()| Self { claim: None, ..self }),
            ThreadCommand::Extend(agent_id, window) => {
                self.held_by(agent_id, now)?;
                self.texted_to_by(agent_id, now)?;
                Ok(Self { claim: self.claim.map(|claim| claim.extended(now, window)), ..self })
            }
            ThreadCommand::HandOn(agent_id, to) => {
                self.texted_to_by(agent_id, now)?;
                if to.agent_id == agent_id {
                    return Err(ThreadRefusal::ToSelf);
                }
                Ok(Self { claim: Some(to), ..self })
            }
            ThreadCommand::OptOut(agent_id) => {
                self.worked_by(agent_id, now)?;
                if self.closed {
                    return Err(ThreadRefusal::Closed);
                }
                Ok(Self { unread_since: None, claim: None, closed: true, ..self })
            }
            ThreadCommand::Written { shown, at } => Ok(self.written(shown, at)),
            // The conversation goes with the contact, and so does a claim in hand (rule W4).
            ThreadCommand::Reassign(to) => {
                let agent = to.map(|claim| claim.agent_id);
                let this = Self { assigned_to: agent, texted_by: agent, ..self };
                Ok(match (self.holder(now), to) {
                    (Some(held), Some(to)) if held.agent_id == to.agent_id => this,
                    (Some(_), to) => Self { claim: to, ..this },
                    (None, _) => this,
                })
            }
        }
    }

    fn claimed(self, claim: Claim, now: DateTime<Utc>) -> Result<Self, ThreadRefusal> {
        if self.unread_since.is_none() {
            return Err(ThreadRefusal::Read);
        }
        match self.holder(now) {
            Some(held) if held.agent_id != claim.agent_id => Err(ThreadRefusal::Held(held)),
            // It ends at its time, however often its agent asks.
            Some(_) => self.answers().map(|()| self),
            None => self.answers().map(|()| Self { claim: Some(claim), ..self }),
        }
    }

    fn written(self, shown: Shown, at: DateTime<Utc>) -> Self {
        match shown {
            Shown::Hidden => Self { unread_since: None, closed: true, ..self },
            Shown::Unread => Self { unread_since: Some(self.unread_since.map_or(at, |since| since.min(at))), ..self },
            Shown::Kept => self,
        }
    }
}

/// Replies of agents in a conversation within the last hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentReplies {
    /// How many.
    pub replies: i64,
    /// When the oldest was made.
    pub oldest: Option<DateTime<Utc>>,
}

/// A conversation has had as many replies within an hour as the organization allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{limit} replies in a conversation are allowed within an hour")]
pub struct ReplyLimit {
    /// Replies that are allowed.
    pub limit: i32,
    /// When the next one can be made, if that is known.
    pub retry_at: Option<DateTime<Utc>>,
}

impl RecentReplies {
    /// Refuses a reply over the limit.
    pub fn within(self, limit: i32) -> Result<(), ReplyLimit> {
        if self.replies < i64::from(limit) {
            return Ok(());
        }
        Err(ReplyLimit { limit, retry_at: self.oldest.map(|oldest| oldest + TimeDelta::hours(1)) })
    }
}

#[cfg(test)]
mod tests;
