//! Roles, their rights, and the reach of one member over another (rule A5).

use strum::{VariantArray, VariantNames};

use crate::{
    ids::{AccountId, GroupId, MemberId, OrganizationId},
    text_enum,
};

/// A member's rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Own workflows and conversations only.
    Agent,
    /// Contacts, agents and goals of their groups.
    GroupAdmin,
    /// Everything in one organization, except acts of an account admin alone.
    OrganizationAdmin,
    /// Everything in every organization of the account, and the only one to redact.
    AccountAdmin,
}

text_enum!(Role);

impl Role {
    /// Returns whether this role may create a member of the other. A member hands out no more than
    /// they hold.
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

/// A member's rights and places: a role with the places in which it holds.
#[derive(Debug, Clone, Copy)]
pub struct Reach<'a> {
    /// The member.
    pub member_id: MemberId,
    /// The customer.
    pub account_id: AccountId,
    /// The tenant; none for account admins.
    pub organization_id: Option<OrganizationId>,
    /// The role.
    pub role: Role,
    /// The groups that a group admin administers and that an agent texts in.
    pub groups: &'a [GroupId],
}

impl Reach<'_> {
    /// Returns whether this reach includes all of the other's, so that the one may act for the
    /// other: make and end their tokens, and change where they belong. A member acts for none that
    /// can do more, or elsewhere, than they can themselves.
    ///
    /// Everybody has themselves. Below that, a role has only lesser roles: admins of one rank are
    /// not each other's. Account admins have nobody above them, so that they alone have their peers
    /// too.
    pub fn covers(&self, other: &Reach<'_>) -> bool {
        if self.member_id == other.member_id {
            return true;
        }
        let same_organization = self.organization_id.is_some() && self.organization_id == other.organization_id;
        self.account_id == other.account_id
            && match self.role {
                Role::AccountAdmin => true,
                Role::OrganizationAdmin => same_organization && other.role < self.role,
                // An agent of no group is not this admin's before they have been added to a group
                // of theirs.
                Role::GroupAdmin => {
                    same_organization
                        && other.role < self.role
                        && !other.groups.is_empty()
                        && other.groups.iter().all(|group| self.groups.contains(group))
                }
                Role::Agent => false,
            }
    }

    /// Returns whether this admin may add the other to a group that they administer. Members of no
    /// group yet may be added by any admin of the organization that may appoint them. Of others,
    /// all groups have to be the admin's.
    pub fn may_place(&self, other: &Reach<'_>) -> bool {
        let free = other.groups.is_empty() && self.organization_id.is_none_or(|own| other.organization_id == Some(own));
        self.covers(other)
            || match self.role {
                // Its admins decide on the groups of an organization's admins and group admins,
                // also of their peers: groups add nothing to the rights of organization admins.
                Role::OrganizationAdmin => self.organization_id == other.organization_id && other.role <= self.role,
                Role::GroupAdmin => self.account_id == other.account_id && free && other.role < self.role,
                Role::AccountAdmin | Role::Agent => false,
            }
    }

    /// Returns whether this admin may take the other out of a group. Groups are places: an admin
    /// decides about those that they administer, also for members with more groups.
    pub fn may_take_out(&self, other: &Reach<'_>, group: GroupId) -> bool {
        let same_organization = self.organization_id.is_some() && self.organization_id == other.organization_id;
        self.account_id == other.account_id
            && match self.role {
                Role::AccountAdmin => true,
                Role::OrganizationAdmin => same_organization && other.role <= self.role,
                Role::GroupAdmin => same_organization && other.role < self.role && self.groups.contains(&group),
                Role::Agent => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

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

    /// A member: account, organization and groups by small numbers. Groups belong to organizations,
    /// and these to accounts.
    #[derive(Debug, Clone)]
    struct Sample {
        id: u8,
        account: u8,
        organization: Option<u8>,
        role: Role,
        groups: Vec<GroupId>,
    }

    impl Sample {
        fn reach(&self) -> Reach<'_> {
            let id = |kind: u128, number: u8| Uuid::from_u128(kind << 64 | u128::from(number));
            Reach {
                member_id: MemberId(id(1, self.id)),
                account_id: AccountId(id(2, self.account)),
                organization_id: self.organization.map(|number| OrganizationId(id(3, number))),
                role: self.role,
                groups: &self.groups,
            }
        }

        /// Returns all that somebody with this reach can do: an action of a rank in a place.
        fn powers(&self) -> Vec<(Role, u8, u8, Option<GroupId>)> {
            let all_groups = |organization: u8| (0..3).map(move |nth| Some(group(organization, nth)));
            let in_organization = |organization: u8, rank: Role| {
                all_groups(organization).chain([None]).map(move |place| (rank, organization / 2, organization, place))
            };
            let below = |rank: Role| Role::ALL.iter().copied().filter(move |role| *role <= rank);
            match (self.role, self.organization) {
                (Role::AccountAdmin, _) => [2 * self.account, 2 * self.account + 1]
                    .into_iter()
                    .flat_map(|organization| below(self.role).flat_map(move |rank| in_organization(organization, rank)))
                    .collect(),
                (Role::OrganizationAdmin, Some(organization)) => {
                    below(self.role).flat_map(|rank| in_organization(organization, rank)).collect()
                }
                (role, Some(organization)) => below(role)
                    .flat_map(|rank| {
                        self.groups.iter().map(move |group| (rank, organization / 2, organization, Some(*group)))
                    })
                    .collect(),
                (_, None) => Vec::new(),
            }
        }
    }

    fn group(organization: u8, nth: u8) -> GroupId {
        GroupId(Uuid::from_u128(4 << 64 | u128::from(organization) << 8 | u128::from(nth)))
    }

    fn samples() -> impl Strategy<Value = Sample> {
        (0..6_u8, 0..4_u8, prop::sample::select(Role::ALL.to_vec()), prop::collection::btree_set(0..3_u8, 0..3))
            .prop_map(|(id, organization, role, groups)| Sample {
                id: id * 4 + organization,
                account: organization / 2,
                organization: (role != Role::AccountAdmin).then_some(organization),
                role,
                groups: match role {
                    Role::Agent | Role::GroupAdmin => groups.into_iter().map(|nth| group(organization, nth)).collect(),
                    Role::OrganizationAdmin | Role::AccountAdmin => Vec::new(),
                },
            })
    }

    proptest! {
        #[test]
        fn a5_nobody_covers_who_can_do_more_or_elsewhere(one in samples(), other in samples()) {
            let (mine, theirs) = (one.reach(), other.reach());
            if one.id != other.id && mine.covers(&theirs) {
                let powers = one.powers();
                for power in other.powers() {
                    prop_assert!(powers.contains(&power), "{one:?} has not {power:?} of {other:?}");
                }
                prop_assert!(other.role < one.role || one.role == Role::AccountAdmin);
                prop_assert!(mine.may_place(&theirs));
            }
            if one.id != other.id && one.role != Role::AccountAdmin {
                prop_assert!(!(mine.covers(&theirs) && theirs.covers(&mine)), "two are each other's");
            }
        }

        #[test]
        fn a5_covering_is_passed_on(one in samples(), two in samples(), three in samples()) {
            if one.reach().covers(&two.reach()) && two.reach().covers(&three.reach()) && one.id != two.id && two.id != three.id {
                prop_assert!(one.reach().covers(&three.reach()));
            }
        }
    }

    #[test]
    fn a5_a_group_admin_takes_agents_out_of_their_groups_alone() {
        let (mine, other) = (group(0, 0), group(0, 1));
        let member = |id, role, groups: &[GroupId]| Sample {
            id,
            account: 0,
            organization: Some(0),
            role,
            groups: groups.to_vec(),
        };
        let admin = member(1, Role::GroupAdmin, &[mine]);
        let both = member(2, Role::Agent, &[mine, other]);
        assert!(admin.reach().may_take_out(&both.reach(), mine));
        assert!(!admin.reach().may_take_out(&both.reach(), other));
        let peer = member(3, Role::GroupAdmin, &[mine]);
        assert!(!admin.reach().may_take_out(&peer.reach(), mine), "a peer");
        assert!(!both.reach().may_take_out(&both.reach(), mine), "an agent");
        assert!(member(4, Role::OrganizationAdmin, &[]).reach().may_take_out(&peer.reach(), mine));
    }

    #[test]
    fn a5_a_group_admin_has_agents_all_of_whose_groups_are_theirs() {
        let (mine, other) = (group(0, 0), group(0, 1));
        let member = |id, role, groups: &[GroupId]| Sample {
            id,
            account: 0,
            organization: Some(0),
            role,
            groups: groups.to_vec(),
        };
        let admin = member(1, Role::GroupAdmin, &[mine]);
        for (groups, covered, placed) in [
            (vec![mine], true, true),
            (vec![mine, other], false, false),
            (vec![other], false, false),
            (Vec::new(), false, true),
        ] {
            let agent = member(2, Role::Agent, &groups);
            assert_eq!(admin.reach().covers(&agent.reach()), covered, "{groups:?}");
            assert_eq!(admin.reach().may_place(&agent.reach()), placed, "{groups:?}");
        }
        assert!(!admin.reach().covers(&member(3, Role::GroupAdmin, &[mine]).reach()), "a peer");
        assert!(admin.reach().covers(&admin.reach()), "themselves");
    }
}
