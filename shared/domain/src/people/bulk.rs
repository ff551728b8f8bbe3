//! Bulk changes: one action on all contacts that match a filter (rule C16).
//!
//! A bulk change waits until its set of contacts is frozen, and then runs through them in slices.
//! It ends once, whichever of its end, its cancellation and its failure comes first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::{VariantArray, VariantNames};

use crate::{
    ids::{GroupId, MemberId},
    tenancy::role::Role,
    text_enum,
};

/// The action on each contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum BulkAction {
    /// The contact gets a tag.
    Tag {
        /// Its name.
        tag: String,
    },
    /// The contact loses a tag.
    Untag {
        /// Its name.
        tag: String,
    },
    /// The contact is assigned to an agent of a group (rule W4).
    Assign {
        /// The group.
        group_id: GroupId,
        /// The agent.
        agent_id: MemberId,
    },
    /// The contact has no agent in a group any more (rule W4).
    Unassign {
        /// The group.
        group_id: GroupId,
    },
    /// The contact is deactivated in a group (rule R1).
    Deactivate {
        /// The group.
        group_id: GroupId,
    },
    /// The contact is active in a group again (rule R1).
    Reactivate {
        /// The group.
        group_id: GroupId,
    },
    /// The contact has opted out (rule R2).
    OptOut {
        /// How it is known.
        reason: String,
    },
    /// The contact joins a group (rule A2).
    AddToGroup {
        /// The group.
        group_id: GroupId,
    },
    /// The contact leaves a group, and its work there with it.
    RemoveFromGroup {
        /// The group.
        group_id: GroupId,
    },
}

/// The kinds of actions, as requests name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum BulkActionKind {
    /// [`BulkAction::Tag`].
    Tag,
    /// [`BulkAction::Untag`].
    Untag,
    /// [`BulkAction::Assign`].
    Assign,
    /// [`BulkAction::Unassign`].
    Unassign,
    /// [`BulkAction::Deactivate`].
    Deactivate,
    /// [`BulkAction::Reactivate`].
    Reactivate,
    /// [`BulkAction::OptOut`].
    OptOut,
    /// [`BulkAction::AddToGroup`].
    AddToGroup,
    /// [`BulkAction::RemoveFromGroup`].
    RemoveFromGroup,
}

text_enum!(BulkActionKind);

impl BulkAction {
    /// Returns the group that it is about, if it is about one.
    pub const fn group_id(&self) -> Option<GroupId> {
        match self {
            Self::Assign { group_id, .. }
            | Self::Unassign { group_id }
            | Self::Deactivate { group_id }
            | Self::Reactivate { group_id }
            | Self::AddToGroup { group_id }
            | Self::RemoveFromGroup { group_id } => Some(*group_id),
            Self::Tag { .. } | Self::Untag { .. } | Self::OptOut { .. } => None,
        }
    }
}

/// How far a bulk change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum BulkState {
    /// Its set of contacts is not frozen yet.
    Waiting,
    /// A job works through its contacts.
    Running,
    /// Every contact of the set is accounted for.
    Succeeded,
    /// It could not go on.
    Failed,
    /// An admin cancelled it.
    Cancelled,
}

text_enum!(BulkState);

/// A command to a bulk change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkCommand {
    /// A job has frozen the set.
    Freeze,
    /// A job has worked through the last of the set.
    Finish,
    /// A job found that it cannot go on.
    Fail,
    /// An admin cancels it.
    Cancel,
}

impl BulkState {
    /// Returns the state after a command; none where it refuses.
    #[must_use]
    pub const fn after(self, command: BulkCommand) -> Option<Self> {
        match (self, command) {
            (Self::Waiting, BulkCommand::Freeze) => Some(Self::Running),
            (Self::Running, BulkCommand::Finish) => Some(Self::Succeeded),
            (Self::Waiting | Self::Running, BulkCommand::Fail) => Some(Self::Failed),
            (Self::Waiting | Self::Running, BulkCommand::Cancel) => Some(Self::Cancelled),
            (
                Self::Running | Self::Succeeded | Self::Failed | Self::Cancelled,
                BulkCommand::Freeze | BulkCommand::Finish | BulkCommand::Fail | BulkCommand::Cancel,
            )
            | (Self::Waiting, BulkCommand::Finish) => None,
        }
    }

    /// Returns whether nothing more happens to it.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Waiting | Self::Running => false,
            Self::Succeeded | Self::Failed | Self::Cancelled => true,
        }
    }
}

/// The outcome for one contact of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum BulkOutcome {
    /// The action changed the contact.
    Changed,
    /// The contact was so already.
    Unchanged,
    /// The contact is not in the action's group.
    NotInGroup,
    /// The group has as many contacts as rule A2 allows.
    GroupFull,
    /// The agent has as many contacts in the group as rule A2 allows.
    AgentFull,
    /// The contact was redacted meanwhile.
    Redacted,
    /// The contact is deleted, or has left the groups of the admin that asked.
    Gone,
}

text_enum!(BulkOutcome);

/// Contacts by their outcome.
pub type BulkOutcomes = BTreeMap<BulkOutcome, i64>;

/// Why a bulk change could not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum BulkFailure {
    /// The admin that asked may do it no more: is suspended, removed, or has lost a group.
    NotAllowedAnyMore,
    /// The tag is no more.
    TagGone,
    /// The agent texts in the group no more.
    AgentGone,
}

text_enum!(BulkFailure);

/// The admin that asked for a bulk change, as they are while it runs.
#[derive(Debug, Clone, Copy)]
pub struct Asker<'a> {
    /// Neither suspended nor removed.
    pub active: bool,
    /// Their role.
    pub role: Role,
    /// Their groups.
    pub groups: &'a [GroupId],
}

impl Asker<'_> {
    /// Returns whether a change that began with these groups, or with all where there are none, may
    /// go on. Nothing is done with rights that were taken away (rule A5).
    pub fn may_go_on(&self, asked_with: Option<&[GroupId]>) -> bool {
        self.active
            && match (asked_with, self.role) {
                (_, Role::Agent) | (None, Role::GroupAdmin) => false,
                (_, Role::OrganizationAdmin | Role::AccountAdmin) => true,
                (Some(groups), Role::GroupAdmin) => groups.iter().all(|group| self.groups.contains(group)),
            }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::text_enum::TextEnum;

    const COMMANDS: [BulkCommand; 4] =
        [BulkCommand::Freeze, BulkCommand::Finish, BulkCommand::Fail, BulkCommand::Cancel];

    proptest! {
        /// A change ends once, and succeeds only after its set was frozen.
        #[test]
        fn c16_a_bulk_change_ends_once(commands in proptest::collection::vec(proptest::sample::select(&COMMANDS[..]), 0..12)) {
            let (mut state, mut frozen, mut ends) = (BulkState::Waiting, false, 0);
            for command in commands {
                let before = state;
                let Some(after) = state.after(command) else { continue };
                prop_assert!(!before.is_over(), "{before} obeyed {command:?}");
                frozen |= command == BulkCommand::Freeze;
                ends += i32::from(after.is_over());
                prop_assert!(after != BulkState::Succeeded || frozen);
                state = after;
            }
            prop_assert_eq!(ends, i32::from(state.is_over()));
        }
    }

    #[test]
    fn c16_an_action_is_stored_by_the_word_that_requests_name_it_by() {
        let (group_id, agent_id) = (GroupId(Uuid::from_u128(1)), MemberId(Uuid::from_u128(2)));
        let actions = [
            BulkAction::Tag { tag: "a".into() },
            BulkAction::Untag { tag: "a".into() },
            BulkAction::Assign { group_id, agent_id },
            BulkAction::Unassign { group_id },
            BulkAction::Deactivate { group_id },
            BulkAction::Reactivate { group_id },
            BulkAction::OptOut { reason: "a".into() },
            BulkAction::AddToGroup { group_id },
            BulkAction::RemoveFromGroup { group_id },
        ];
        let words = actions.iter().map(|action| serde_json::to_value(action).unwrap()["action"].clone());
        assert_eq!(words.collect::<Vec<_>>(), BulkActionKind::WORDS.iter().map(|word| json!(word)).collect::<Vec<_>>());
        for action in actions {
            assert_eq!(serde_json::from_value::<BulkAction>(serde_json::to_value(&action).unwrap()).unwrap(), action);
        }
    }

    #[test]
    fn a5_a_change_goes_on_with_the_rights_that_its_admin_still_has() {
        let (mine, other) = (GroupId(Uuid::from_u128(1)), GroupId(Uuid::from_u128(2)));
        let asker = |role, groups| Asker { active: true, role, groups };
        let one = [mine];
        for (asker, asked_with, may) in [
            (asker(Role::GroupAdmin, &one), Some(&[mine][..]), true),
            (asker(Role::GroupAdmin, &one), Some(&[mine, other][..]), false),
            (asker(Role::GroupAdmin, &one), None, false),
            (asker(Role::OrganizationAdmin, &[]), None, true),
            (asker(Role::AccountAdmin, &[]), Some(&[other][..]), true),
            (asker(Role::Agent, &one), Some(&[mine][..]), false),
            (Asker { active: false, ..asker(Role::AccountAdmin, &[]) }, None, false),
        ] {
            assert_eq!(asker.may_go_on(asked_with), may, "{asker:?} {asked_with:?}");
        }
    }
}
