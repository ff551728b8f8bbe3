//! Threads against a model as an organizer would tell it.

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

/// A claim as an organizer would tell it: its agent, its beginning and its end.
type Hold = (u8, i64, i64);

/// A thread as an organizer would tell it: its holder, the contact's agent, the agent that texted
/// last, and since when it is unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Model {
    hold: Option<Hold>,
    contact_of: Option<u8>,
    texted_by: Option<u8>,
    unread: Option<i64>,
    closed: bool,
    paused: bool,
}

#[derive(Debug, Clone, Copy)]
enum Say {
    Claim(u8),
    Reply(u8),
    Answer(u8),
    Done(u8),
    Release(u8),
    Extend(u8),
    HandOn(u8, u8),
    OptOut(u8),
    Write,
    Stop,
    Thanks,
    Reassign(Option<u8>),
}

const MINUTES: i64 = 10;

const WINDOW: TimeDelta = TimeDelta::minutes(MINUTES);

impl Say {
    fn command(self, now: i64) -> ThreadCommand {
        let claim = |nth| Claim::new(agent(nth), at(now), WINDOW);
        match self {
            Self::Claim(nth) => ThreadCommand::Claim(claim(nth)),
            Self::Reply(nth) => ThreadCommand::Reply(agent(nth)),
            Self::Answer(nth) => ThreadCommand::Answer(agent(nth)),
            Self::Done(nth) => ThreadCommand::Done(agent(nth)),
            Self::Release(nth) => ThreadCommand::Release(agent(nth)),
            Self::Extend(nth) => ThreadCommand::Extend(agent(nth), WINDOW),
            Self::HandOn(from, to) => ThreadCommand::HandOn(agent(from), claim(to)),
            Self::OptOut(nth) => ThreadCommand::OptOut(agent(nth)),
            Self::Write => ThreadCommand::Written { shown: Shown::Unread, at: at(now) },
            Self::Stop => ThreadCommand::Written { shown: Shown::Hidden, at: at(now) },
            Self::Thanks => ThreadCommand::Written { shown: Shown::Kept, at: at(now) },
            Self::Reassign(to) => ThreadCommand::Reassign(to.map(claim)),
        }
    }
}

impl Model {
    const QUIET: Self =
        Self { hold: None, contact_of: None, texted_by: None, unread: None, closed: false, paused: false };

    const UNREAD: Self = Self { unread: Some(0), ..Self::QUIET };

    /// Returns the thread after a command; `None` where it is refused.
    fn after(self, say: Say, now: i64) -> Option<Self> {
        let live = self.hold.filter(|(_, _, until)| *until > now);
        let holds = |nth| live.is_some_and(|(holder, ..)| holder == nth);
        // Outside a claim a conversation is the contact's agent's, or its last texter's.
        let works = |nth| holds(nth) || (live.is_none() && self.contact_of.or(self.texted_by) == Some(nth));
        let texts = |nth| works(nth) && !self.closed && !self.paused;
        let fresh = |nth| Some((nth, now, now + MINUTES));
        match say {
            Say::Claim(nth) => {
                let may = self.unread.is_some() && !self.paused && (live.is_none() || holds(nth));
                may.then_some(Self { hold: live.or(fresh(nth)), ..self })
            }
            Say::Reply(nth) => texts(nth).then_some(Self { unread: None, texted_by: Some(nth), ..self }),
            Say::Answer(nth) => holds(nth).then_some(Self { unread: None, ..self }),
            Say::Done(nth) => works(nth).then_some(Self { unread: None, hold: None, ..self }),
            Say::Release(nth) => holds(nth).then_some(Self { hold: None, ..self }),
            Say::Extend(nth) => {
                let (_, since, until) = live?;
                let until = until.max((now + MINUTES).min(since + 2 * MINUTES));
                (holds(nth) && texts(nth)).then_some(Self { hold: Some((nth, since, until)), ..self })
            }
            Say::HandOn(from, to) => (texts(from) && from != to).then_some(Self { hold: fresh(to), ..self }),
            Say::OptOut(nth) => {
                (works(nth) && !self.closed).then_some(Self { unread: None, hold: None, closed: true, ..self })
            }
            Say::Write => Some(Self { unread: self.unread.or(Some(now)), ..self }),
            Say::Stop => Some(Self { unread: None, closed: true, ..self }),
            Say::Thanks => Some(self),
            Say::Reassign(to) => {
                let hold = match (live, to) {
                    (Some((holder, ..)), Some(nth)) if holder == nth => self.hold,
                    (Some(_), to) => to.and_then(fresh),
                    (None, _) => self.hold,
                };
                Some(Self { hold, contact_of: to, texted_by: to, ..self })
            }
        }
    }

    fn thread(self) -> Thread {
        let status = if self.paused { GoalStatus::Paused } else { GoalStatus::Scheduled };
        Thread {
            claim: self.hold.map(|(nth, since, until)| Claim {
                agent_id: agent(nth),
                since: at(since),
                until: at(until),
            }),
            assigned_to: self.contact_of.map(agent),
            texted_by: self.texted_by.map(agent),
            unread_since: self.unread.map(at),
            closed: self.closed,
            goal: Some(GoalMoment { status, was_active: false, reminders_open: false }),
        }
    }
}

fn says() -> impl Strategy<Value = Say> {
    prop_oneof![
        5 => (0u8..3).prop_map(Say::Claim),
        4 => (0u8..3).prop_map(Say::Reply),
        1 => (0u8..3).prop_map(Say::Answer),
        1 => (0u8..3).prop_map(Say::Done),
        1 => (0u8..3).prop_map(Say::Release),
        3 => (0u8..3).prop_map(Say::Extend),
        3 => (0u8..3, 0u8..3).prop_map(|(from, to)| Say::HandOn(from, to)),
        1 => (0u8..3).prop_map(Say::OptOut),
        5 => Just(Say::Write),
        1 => Just(Say::Stop),
        1 => Just(Say::Thanks),
        1 => proptest::option::of(0u8..3).prop_map(Say::Reassign),
    ]
}

proptest! {
    #[test]
    fn w2_a_thread_obeys_and_refuses_as_the_model_does(
        paused in proptest::bool::weighted(0.2), commands in proptest::collection::vec((says(), 0i64..6), 0..30),
    ) {
        let mut model = Model { paused, ..Model::QUIET };
        let (mut thread, mut now) = (model.thread(), 0);
        for (say, passes) in commands {
            now += passes;
            let wanted = model.after(say, now);
            let done = thread.after(say.command(now), at(now));
            prop_assert_eq!(done.ok(), wanted.map(Model::thread), "{:?} at {} of {:?}", say, now, thread);
            if let (Ok(after), Some(wanted)) = (done, wanted) {
                (thread, model) = (after, wanted);
            }
            let able = |may: fn(&Thread, MemberId, DateTime<Utc>) -> bool| {
                (0..3).filter(|nth| may(&thread, agent(*nth), at(now))).count()
            };
            prop_assert!(able(|thread, nth, now| thread.held_by(nth, now).is_ok()) <= 1, "two agents hold it");
            prop_assert!(able(|thread, nth, now| thread.worked_by(nth, now).is_ok()) <= 1, "two agents write");
        }
    }

    /// However often and whenever its agent asks for more, a claim is over two windows after its
    /// beginning, and others can have it.
    #[test]
    fn w3_a_claim_that_is_extended_ends_two_windows_after_its_beginning(
        asks in proptest::collection::vec(0i64..6, 0..60),
    ) {
        let (mut thread, mut now) = (Model::UNREAD.after(Say::Claim(1), 0).unwrap().thread(), 0);
        for passes in asks {
            now += passes;
            let asked = thread.after(Say::Extend(1).command(now), at(now));
            prop_assert_eq!(asked.is_ok(), thread.held_by(agent(1), at(now)).is_ok());
            thread = asked.unwrap_or(thread);
        }
        prop_assert!(thread.claim.unwrap().until <= at(2 * MINUTES));
        prop_assert!(thread.after(Say::Claim(2).command(2 * MINUTES), at(2 * MINUTES)).is_ok());
    }

    /// An agent that may work on it reads it, as long as the contact has not opted out.
    #[test]
    fn w9_an_agent_reads_the_threads_that_they_may_work_on(
        commands in proptest::collection::vec((says(), 0i64..6), 0..30),
    ) {
        let (mut thread, mut now) = (Model::QUIET.thread(), 0);
        for (say, passes) in commands {
            now += passes;
            thread = thread.after(say.command(now), at(now)).unwrap_or(thread);
            for nth in (0..3).map(agent) {
                let works = thread.worked_by(nth, at(now)).is_ok();
                prop_assert!(!works || thread.closed || thread.is_read_by(nth, at(now)));
                prop_assert!(!thread.closed || !thread.is_read_by(nth, at(now)), "an opt-out hides it");
            }
        }
    }
}

#[test]
fn w3_a_claim_ends_at_its_time_however_often_its_agent_asks() {
    let written = Model::UNREAD.thread();
    let claim = |minute| Say::Claim(1).command(minute);
    let claimed = written.after(claim(0), at(0)).unwrap();
    assert_eq!(claimed.after(claim(9), at(9)), Ok(claimed));
    assert_eq!(claimed.held_by(agent(1), at(10)), Err(ThreadRefusal::NotClaimed));
    let held = Claim { agent_id: agent(1), since: at(0), until: at(10) };
    assert_eq!(claimed.after(ThreadCommand::Reply(agent(2)), at(1)), Err(ThreadRefusal::Held(held)));
}

#[test]
fn w9_outside_a_claim_the_contacts_agent_writes_and_else_the_last_texter() {
    let quiet = Model { texted_by: Some(1), ..Model::QUIET };
    let reply = |model: Model, nth| model.thread().after(ThreadCommand::Reply(agent(nth)), at(1)).map(|_| ());
    assert_eq!((reply(quiet, 1), reply(quiet, 2)), (Ok(()), Err(ThreadRefusal::NotClaimed)));
    let given = Model { contact_of: Some(2), ..quiet };
    assert_eq!((reply(given, 1), reply(given, 2)), (Err(ThreadRefusal::NotClaimed), Ok(())));
    assert!(given.thread().is_read_by(agent(1), at(1)), "they texted last");
    let paused = Model { paused: true, ..given };
    assert_eq!(reply(paused, 2), Err(ThreadRefusal::Goal(Unavailable::Paused)));
    assert!(paused.thread().is_read_by(agent(2), at(1)), "conversations are read at any status");
}

#[test]
fn w3_a_conversation_takes_so_many_replies_within_an_hour() {
    let recent = |replies| RecentReplies { replies, oldest: Some(at(5)) };
    assert_eq!(recent(2).within(3), Ok(()));
    assert_eq!(recent(3).within(3), Err(ReplyLimit { limit: 3, retry_at: Some(at(65)) }));
    let none = RecentReplies { replies: 0, oldest: None };
    assert_eq!(none.within(0), Err(ReplyLimit { limit: 0, retry_at: None }));
}
