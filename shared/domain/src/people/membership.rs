//! The state machine of a contact's membership in a group (rules R1, C9, I5 and W4).

use chrono::{DateTime, Utc};

use crate::ids::MemberId;

/// A contact's membership in a group as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Since when it is deactivated: no goal of the group targets or messages the contact.
    pub deactivated_at: Option<DateTime<Utc>>,
    /// The agent that the contact is assigned to.
    pub agent_id: Option<MemberId>,
}

/// A command to a membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipCommand {
    /// An admin deactivates it.
    Deactivate,
    /// An admin activates it again.
    Activate,
    /// The contact has written at an instant, which activates it again if it was deactivated before
    /// (rule I5).
    Written(DateTime<Utc>),
    /// A file has the contact once more, which activates nothing (rule C9).
    Imported,
    /// The contact is assigned to an agent, or to none.
    Assign(Option<MemberId>),
}

impl Membership {
    /// Returns the membership after a command at an instant. It refuses none.
    #[must_use]
    pub fn after(self, command: MembershipCommand, now: DateTime<Utc>) -> Self {
        match command {
            MembershipCommand::Deactivate => Self { deactivated_at: self.deactivated_at.or(Some(now)), ..self },
            MembershipCommand::Activate => Self { deactivated_at: None, ..self },
            MembershipCommand::Written(at) => {
                Self { deactivated_at: self.deactivated_at.filter(|since| *since > at), ..self }
            }
            MembershipCommand::Imported => self,
            MembershipCommand::Assign(agent_id) => Self { agent_id, ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    #[derive(Debug, Clone, Copy)]
    enum Say {
        Deactivate,
        Activate,
        /// Received so many minutes ago.
        Write(i64),
        Import,
        Assign(Option<u8>),
    }

    fn says() -> impl Strategy<Value = Say> {
        prop_oneof![
            3 => Just(Say::Deactivate),
            1 => Just(Say::Activate),
            2 => (0i64..10).prop_map(Say::Write),
            2 => Just(Say::Import),
            1 => proptest::option::of(0u8..3).prop_map(Say::Assign),
        ]
    }

    proptest! {
        #[test]
        fn r1_a_membership_is_as_the_last_word_about_it_says(
            commands in proptest::collection::vec((says(), 0i64..6), 0..30),
        ) {
            let mut membership = Membership { deactivated_at: None, agent_id: None };
            // Since when it is inactive, and the agent.
            let (mut inactive, mut agent, mut now) = (None, None, 0);
            for (say, passes) in commands {
                now += passes;
                let command = match say {
                    Say::Deactivate => {
                        inactive = inactive.or(Some(now));
                        MembershipCommand::Deactivate
                    }
                    Say::Activate => {
                        inactive = None;
                        MembershipCommand::Activate
                    }
                    Say::Write(ago) => {
                        if inactive.is_some_and(|since| since <= now - ago) {
                            inactive = None;
                        }
                        MembershipCommand::Written(at(now - ago))
                    }
                    Say::Import => MembershipCommand::Imported,
                    Say::Assign(nth) => {
                        agent = nth.map(|nth| MemberId(Uuid::from_u128(nth.into())));
                        MembershipCommand::Assign(agent)
                    }
                };
                membership = membership.after(command, at(now));
                let wanted = Membership { deactivated_at: inactive.map(at), agent_id: agent };
                prop_assert_eq!(membership, wanted, "{:?} at {}", say, now);
            }
        }
    }
}
