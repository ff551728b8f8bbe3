//! The state machine of a thread (rules W2 to W4, G5 and I3), and the limit of replies in it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    conversations::word::Shown,
    goals::availability::{GoalMoment, Unavailable, Work},
    ids::MemberId,
};

/// A thread as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread {
    /// Its claim, which may have ended.
    pub claim: Option<Claim>,
    /// Since when the contact waits for an answer.
    pub unread_since: Option<DateTime<Utc>>,
    /// The contact has opted out or was redacted: nobody may text them.
    pub closed: bool,
    /// The goal that last texted here, at this instant.
    pub goal: Option<GoalMoment>,
}

/// An agent's hold of a thread until an instant (rule W3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The agent.
    pub agent_id: MemberId,
    /// When it ends, by the database's clock.
    pub until: DateTime<Utc>,
}

/// A command to a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadCommand {
    /// An agent claims it to answer.
    Claim(Claim),
    /// Its holder texts back.
    Reply(MemberId),
    /// Its holder deals with the contact's text without one back.
    Done(MemberId),
    /// The contact has written.
    Written {
        /// The thread's look to agents after it.
        shown: Shown,
        /// When it was received.
        at: DateTime<Utc>,
    },
    /// The contact has another agent now, or none.
    Reassign(Option<Claim>),
}

/// Why a thread refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThreadRefusal {
    /// Another agent holds it.
    #[error("wait until the claim ends")]
    Held(Claim),
    /// The agent does not hold it.
    #[error("claim the thread first")]
    NotClaimed,
    /// Nothing is unread.
    #[error("nothing is unread")]
    Read,
    /// The contact may not be texted.
    #[error("the contact has opted out")]
    Closed,
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

    /// Makes sure that its goal allows answers (rule G5). The goal has texted here, so it was
    /// active.
    fn answers(&self) -> Result<(), ThreadRefusal> {
        self.goal.map_or(Ok(()), |goal| goal.texted().availability(Work::Unread)).map_err(ThreadRefusal::Goal)
    }

    /// Returns the thread after a command at an instant; a thread that refuses stays as it is.
    pub fn after(self, command: ThreadCommand, now: DateTime<Utc>) -> Result<Self, ThreadRefusal> {
        match command {
            ThreadCommand::Claim(claim) => {
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
            ThreadCommand::Reply(agent_id) => {
                self.held_by(agent_id, now)?;
                if self.closed {
                    return Err(ThreadRefusal::Closed);
                }
                self.answers().map(|()| Self { unread_since: None, ..self })
            }
            ThreadCommand::Done(agent_id) => self.held_by(agent_id, now).map(|()| Self { unread_since: None, ..self }),
            ThreadCommand::Written { shown, at } => Ok(match shown {
                Shown::Hidden => Self { unread_since: None, closed: true, ..self },
                Shown::Unread => {
                    Self { unread_since: Some(self.unread_since.map_or(at, |since| since.min(at))), ..self }
                }
                Shown::Kept => self,
            }),
            // A claim in hand goes with the contact (rule W4).
            ThreadCommand::Reassign(to) => match (self.holder(now), to) {
                (Some(held), Some(to)) if held.agent_id == to.agent_id => Ok(self),
                (Some(_), to) => Ok(Self { claim: to, ..self }),
                (None, _) => Ok(self),
            },
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
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::goals::goal::GoalStatus;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn agent(nth: u8) -> MemberId {
        MemberId(Uuid::from_u128(nth.into()))
    }

    /// A thread as an organizer would tell it: its holder and the end, and since when it is unread.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Model {
        holder: Option<(u8, i64)>,
        unread: Option<i64>,
        closed: bool,
        paused: bool,
    }

    #[derive(Debug, Clone, Copy)]
    enum Say {
        Claim(u8),
        Reply(u8),
        Done(u8),
        Write,
        OptOut,
        Thanks,
        Reassign(Option<u8>),
    }

    const MINUTES: i64 = 10;

    impl Say {
        fn command(self, now: i64) -> ThreadCommand {
            let claim = |nth| Claim { agent_id: agent(nth), until: at(now + MINUTES) };
            match self {
                Self::Claim(nth) => ThreadCommand::Claim(claim(nth)),
                Self::Reply(nth) => ThreadCommand::Reply(agent(nth)),
                Self::Done(nth) => ThreadCommand::Done(agent(nth)),
                Self::Write => ThreadCommand::Written { shown: Shown::Unread, at: at(now) },
                Self::OptOut => ThreadCommand::Written { shown: Shown::Hidden, at: at(now) },
                Self::Thanks => ThreadCommand::Written { shown: Shown::Kept, at: at(now) },
                Self::Reassign(to) => ThreadCommand::Reassign(to.map(claim)),
            }
        }
    }

    impl Model {
        /// Returns the thread after a command; `None` where it is refused.
        fn after(self, say: Say, now: i64) -> Option<Self> {
            let live = self.holder.filter(|(_, until)| *until > now);
            let mine = |nth| live.is_some_and(|(holder, _)| holder == nth);
            match say {
                Say::Claim(nth) => {
                    let may = self.unread.is_some() && !self.paused && live.is_none_or(|(holder, _)| holder == nth);
                    may.then_some(Self { holder: Some(live.unwrap_or((nth, now + MINUTES))), ..self })
                }
                Say::Reply(nth) => (mine(nth) && !self.closed && !self.paused).then_some(Self { unread: None, ..self }),
                Say::Done(nth) => mine(nth).then_some(Self { unread: None, ..self }),
                Say::Write => Some(Self { unread: self.unread.or(Some(now)), ..self }),
                Say::OptOut => Some(Self { unread: None, closed: true, ..self }),
                Say::Thanks => Some(self),
                Say::Reassign(to) => match (live, to) {
                    (Some((holder, _)), Some(nth)) if holder == nth => Some(self),
                    (Some(_), to) => Some(Self { holder: to.map(|nth| (nth, now + MINUTES)), ..self }),
                    (None, _) => Some(self),
                },
            }
        }

        fn thread(self) -> Thread {
            let status = if self.paused { GoalStatus::Paused } else { GoalStatus::Scheduled };
            Thread {
                claim: self.holder.map(|(nth, until)| Claim { agent_id: agent(nth), until: at(until) }),
                unread_since: self.unread.map(at),
                closed: self.closed,
                goal: Some(GoalMoment { status, was_active: false, reminders_open: false }),
            }
        }
    }

    fn says() -> impl Strategy<Value = Say> {
        prop_oneof![
            4 => (0u8..3).prop_map(Say::Claim),
            3 => (0u8..3).prop_map(Say::Reply),
            1 => (0u8..3).prop_map(Say::Done),
            4 => Just(Say::Write),
            1 => Just(Say::OptOut),
            1 => Just(Say::Thanks),
            1 => proptest::option::of(0u8..3).prop_map(Say::Reassign),
        ]
    }

    proptest! {
        #[test]
        fn w2_a_thread_obeys_and_refuses_as_the_model_does(
            paused in proptest::bool::weighted(0.2), commands in proptest::collection::vec((says(), 0i64..6), 0..30),
        ) {
            let mut model = Model { holder: None, unread: None, closed: false, paused };
            let (mut thread, mut now) = (model.thread(), 0);
            for (say, passes) in commands {
                now += passes;
                let wanted = model.after(say, now);
                let done = thread.after(say.command(now), at(now));
                prop_assert_eq!(done.ok(), wanted.map(Model::thread), "{:?} at {} of {:?}", say, now, thread);
                if let (Ok(after), Some(wanted)) = (done, wanted) {
                    (thread, model) = (after, wanted);
                }
                let holders = (0..3).filter(|nth| thread.held_by(agent(*nth), at(now)).is_ok()).count();
                prop_assert!(holders <= 1, "two agents hold it");
            }
        }
    }

    #[test]
    fn w3_a_claim_ends_at_its_time_however_often_its_agent_asks() {
        let written = Model { holder: None, unread: Some(0), closed: false, paused: false }.thread();
        let claim = |minute| ThreadCommand::Claim(Claim { agent_id: agent(1), until: at(minute + MINUTES) });
        let claimed = written.after(claim(0), at(0)).unwrap();
        assert_eq!(claimed.after(claim(9), at(9)), Ok(claimed));
        assert_eq!(claimed.held_by(agent(1), at(10)), Err(ThreadRefusal::NotClaimed));
        let held = Claim { agent_id: agent(1), until: at(10) };
        assert_eq!(claimed.after(ThreadCommand::Reply(agent(2)), at(1)), Err(ThreadRefusal::Held(held)));
    }

    #[test]
    fn w3_a_conversation_takes_so_many_replies_within_an_hour() {
        let recent = |replies| RecentReplies { replies, oldest: Some(at(5)) };
        assert_eq!(recent(2).within(3), Ok(()));
        assert_eq!(recent(3).within(3), Err(ReplyLimit { limit: 3, retry_at: Some(at(65)) }));
        let none = RecentReplies { replies: 0, oldest: None };
        assert_eq!(none.within(0), Err(ReplyLimit { limit: 0, retry_at: None }));
    }
}
