//! Roles and what they may do (rule A5).

use serde::{Deserialize, Serialize};

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Own workflows and conversations only.
    Agent,
    /// Contacts, agents and goals of their groups.
    GroupAdmin,
    /// Everything in one organization, except what only an account admin may.
    OrganizationAdmin,
    /// Everything in every organization of the account, and the only one to redact.
    AccountAdmin,
}

impl Role {
    /// The word for it in the database and the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::GroupAdmin => "group_admin",
            Self::OrganizationAdmin => "organization_admin",
            Self::AccountAdmin => "account_admin",
        }
    }

    /// The role of a word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Agent, Self::GroupAdmin, Self::OrganizationAdmin, Self::AccountAdmin]
            .into_iter()
            .find(|role| role.as_str() == word)
    }

    /// May this role create a member of the other? Nobody hands out more than they hold.
    pub fn may_appoint(self, other: Self) -> bool {
        match self {
            Self::AccountAdmin => true,
            Self::OrganizationAdmin | Self::GroupAdmin => {
                other < self || (other == self && self == Self::OrganizationAdmin)
            }
            Self::Agent => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a5_nobody_hands_out_more_than_they_hold() {
        assert!(Role::AccountAdmin.may_appoint(Role::AccountAdmin));
        assert!(Role::OrganizationAdmin.may_appoint(Role::GroupAdmin));
        assert!(!Role::OrganizationAdmin.may_appoint(Role::AccountAdmin));
        assert!(Role::GroupAdmin.may_appoint(Role::Agent));
        assert!(!Role::GroupAdmin.may_appoint(Role::GroupAdmin));
        assert!(!Role::Agent.may_appoint(Role::Agent));
    }
}
