use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
}

fn agent(nth: u8) -> MemberId {
    MemberId(Uuid::from_u128(nth.into()))
}

/// A batch as an organizer would tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Model {
    state: BatchState,
    agent: u8,
    until: i64,
    claims: i64,
}

#[derive(Debug, Clone, Copy)]
enum Say {
    Release,
    Claim(u8, i64),
    Finish(bool),
    HandBack(bool),
    Expire(bool),
}

impl Say {
    fn command(self, now: i64) -> BatchCommand {
        match self {
            Self::Release => BatchCommand::Release,
            Self::Claim(nth, minutes) => {
                BatchCommand::Claim(Holding { agent_id: agent(nth), expires_at: at(now + minutes) })
            }
            Self::Finish(left) => BatchCommand::Finish { left },
            Self::HandBack(left) => BatchCommand::HandBack { left },
            Self::Expire(left) => BatchCommand::Expire { left },
        }
    }
}

impl Model {
    /// Returns the batch after a command; `None` where it is refused.
    fn after(self, say: Say, assigned: Option<u8>, now: i64) -> Option<Self> {
        let back = |left| Self { state: if left { BatchState::Released } else { BatchState::Finished }, ..self };
        match say {
            Say::Release => (self.state == BatchState::Held).then_some(Self { state: BatchState::Released, ..self }),
            Say::Claim(agent, minutes) => {
                let may = self.state == BatchState::Released && assigned.is_none_or(|only| only == agent);
                let until = now + minutes;
                may.then_some(Self { state: BatchState::Leased, agent, until, claims: self.claims + 1 })
            }
            Say::Finish(left) => {
                let may = !left && [BatchState::Held, BatchState::Leased].contains(&self.state);
                may.then_some(Self { state: BatchState::Finished, ..self })
            }
            Say::HandBack(left) => (self.state == BatchState::Leased).then(|| back(left)),
            Say::Expire(left) => (self.state == BatchState::Leased && self.until <= now).then(|| back(left)),
        }
    }
}

fn says() -> impl Strategy<Value = Say> {
    prop_oneof![
        2 => Just(Say::Release),
        4 => (0u8..3, 1i64..10).prop_map(|(agent, minutes)| Say::Claim(agent, minutes)),
        1 => any::<bool>().prop_map(Say::Finish),
        2 => any::<bool>().prop_map(Say::HandBack),
        2 => any::<bool>().prop_map(Say::Expire),
    ]
}

fn told(batch: &Batch, before: Model) -> Model {
    let holding = batch.phase.holding();
    Model {
        state: batch.phase.state(),
        agent: holding.map_or(before.agent, |held| u8::try_from(held.agent_id.0.as_u128()).unwrap()),
        until: holding.map_or(before.until, |held| held.expires_at.timestamp() / 60),
        claims: batch.token,
    }
}

proptest! {
    #[test]
    fn b2_a_batch_obeys_and_refuses_as_the_model_does(
        assigned in proptest::option::of(0u8..3), commands in proptest::collection::vec((says(), 0i64..5), 0..30),
    ) {
        let mut batch = Batch { phase: BatchPhase::Held, token: 0, assigned_to: assigned.map(agent) };
        let mut model = Model { state: BatchState::Held, agent: 0, until: 0, claims: 0 };
        let mut now = 0;
        for (say, passes) in commands {
            now += passes;
            let wanted = model.after(say, assigned, now);
            let done = batch.after(say.command(now), at(now));
            prop_assert_eq!(done.ok().map(|batch| told(&batch, model)), wanted, "{:?} at {} of {:?}", say, now, batch);
            if let (Ok(after), Some(wanted)) = (done, wanted) {
                prop_assert!(after.token >= batch.token, "a token never comes again");
                prop_assert!(batch.phase != BatchPhase::Finished, "nothing leaves a finished batch");
                (batch, model) = (after, wanted);
            }
        }
    }

    #[test]
    fn b3_one_agent_at_most_may_write_and_only_with_the_last_claims_token(
        commands in proptest::collection::vec((says(), 0i64..5), 0..30), later in 0i64..12,
    ) {
        let mut batch = Batch { phase: BatchPhase::Released, token: 0, assigned_to: None };
        let mut now = 0;
        for (say, passes) in commands {
            now += passes;
            batch = batch.after(say.command(now), at(now)).unwrap_or(batch);
        }
        let now = at(now + later);
        for (nth, token) in (0..3).flat_map(|nth| (0..=batch.token + 1).map(move |token| (nth, token))) {
            let held = batch.phase.holding().filter(|held| held.agent_id == agent(nth) && token == batch.token);
            let wanted = held.map(|held| held.expires_at).filter(|expires| *expires > now);
            prop_assert_eq!(batch.held_by(agent(nth), token, now).ok(), wanted);
        }
    }
}

#[test]
fn b3_a_refused_write_is_told_why() {
    let holding = Holding { agent_id: agent(1), expires_at: at(60) };
    let batch = Batch { phase: BatchPhase::Leased(holding), token: 3, assigned_to: None };
    assert_eq!(batch.held_by(agent(1), 3, at(59)), Ok(at(60)));
    assert_eq!(batch.held_by(agent(1), 3, at(60)), Err(LeaseRefusal::Expired));
    assert_eq!(batch.held_by(agent(1), 2, at(0)), Err(LeaseRefusal::StaleToken));
    assert_eq!(batch.held_by(agent(2), 3, at(0)), Err(LeaseRefusal::NotYours));
    assert_eq!(batch.held_by(agent(2), 2, at(0)), Err(LeaseRefusal::StaleToken));
    let returned = batch.after(BatchCommand::HandBack { left: true }, at(1)).unwrap();
    assert_eq!(returned.held_by(agent(1), 3, at(1)), Err(LeaseRefusal::StaleToken));
}
