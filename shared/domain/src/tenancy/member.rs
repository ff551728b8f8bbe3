//! Members over time: suspension, removal, and changes of role (rules A5 and A6).

use chrono::{DateTime, Utc};
use strum::{VariantArray, VariantNames};

use crate::{tenancy::role::Role, text_enum};

/// Whether a member may do anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum MemberState {
    /// Their tokens are in force.
    Active,
    /// Their tokens are refused and they have nothing in hand, until an admin restores them.
    Suspended,
    /// The same for good.
    Removed,
}

text_enum!(MemberState);

/// An admin's decision about a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberCommand {
    /// Keep them out for now.
    Suspend,
    /// Let them in again.
    Restore,
    /// Keep them out for good.
    Remove,
}

impl MemberState {
    /// Returns the state by the record's instants.
    pub const fn of(suspended_at: Option<DateTime<Utc>>, removed_at: Option<DateTime<Utc>>) -> Self {
        match (removed_at, suspended_at) {
            (Some(_), _) => Self::Removed,
            (None, Some(_)) => Self::Suspended,
            (None, None) => Self::Active,
        }
    }

    /// Returns the state after a command, or `None` where it is refused: a removed member stays
    /// removed. A command for the present state changes nothing.
    pub const fn after(self, command: MemberCommand) -> Option<Self> {
        match (self, command) {
            (Self::Active | Self::Suspended, MemberCommand::Suspend) => Some(Self::Suspended),
            (Self::Active | Self::Suspended, MemberCommand::Restore) => Some(Self::Active),
            (_, MemberCommand::Remove) => Some(Self::Removed),
            (Self::Removed, MemberCommand::Suspend | MemberCommand::Restore) => None,
        }
    }
}

/// Effects of a change of role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleChange {
    /// Texting ends: batches, threads, assignments and numbers are free at once.
    pub stops_texting: bool,
    /// Texting begins: the member needs a number in each of their groups.
    pub begins_texting: bool,
    /// Tokens end. One that was made for the lesser role, perhaps by an admin with a lesser reach,
    /// would be good for the greater one.
    pub ends_tokens: bool,
}

/// Returns the effects of a change of role, or `None` where it is refused: account admins belong to
/// no organization, so that they are made as such and stay such.
pub fn change_role(from: Role, to: Role) -> Option<RoleChange> {
    if (from == Role::AccountAdmin) != (to == Role::AccountAdmin) {
        return None;
    }
    Some(RoleChange {
        stops_texting: from == Role::Agent && to != Role::Agent,
        begins_texting: from != Role::Agent && to == Role::Agent,
        ends_tokens: to > from,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMMANDS: [MemberCommand; 3] = [MemberCommand::Suspend, MemberCommand::Restore, MemberCommand::Remove];

    proptest! {
        #[test]
        fn a6_a_member_is_out_for_good_after_a_removal_and_else_as_the_last_command_says(
            commands in prop::collection::vec(prop::sample::select(COMMANDS.to_vec()), 0..20),
        ) {
            let mut state = MemberState::Active;
            for (nth, command) in commands.iter().enumerate() {
                let removed = commands[..nth].contains(&MemberCommand::Remove);
                let after = state.after(*command);
                prop_assert_eq!(after.is_none(), removed && *command != MemberCommand::Remove);
                state = after.unwrap_or(state);
                let wanted = match command {
                    _ if removed => MemberState::Removed,
                    MemberCommand::Suspend => MemberState::Suspended,
                    MemberCommand::Restore => MemberState::Active,
                    MemberCommand::Remove => MemberState::Removed,
                };
                prop_assert_eq!(state, wanted);
                if after.is_some() {
                    prop_assert_eq!(state.after(*command), Some(state), "a command again changes nothing");
                }
            }
        }
    }

    #[test]
    fn a5_a_greater_role_ends_the_tokens_of_the_lesser() {
        for from in Role::ALL {
            for to in Role::ALL {
                let Some(change) = change_role(*from, *to) else {
                    assert_ne!(from, to);
                    continue;
                };
                assert_eq!(change.ends_tokens, to > from, "{from:?} to {to:?}");
                assert!(!(change.stops_texting && change.begins_texting));
                assert_eq!(change.stops_texting, *from == Role::Agent && to != from);
            }
        }
        assert_eq!(change_role(Role::OrganizationAdmin, Role::AccountAdmin), None);
        assert_eq!(change_role(Role::AccountAdmin, Role::Agent), None);
    }
}
