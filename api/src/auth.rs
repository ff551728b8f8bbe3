//! Authentication: the caller, and the tenant of the request (rule A5). Another tenant's id answers
//! 404, as if there were nothing.

use axum::{
    extract::{FromRef, FromRequestParts, RawPathParams},
    http::request::Parts,
};
use muster_domain::{
    ids::{GroupId, MemberId, OrganizationId},
    tenancy::{member::MemberState, role::Role},
};
use muster_service::trace;
use muster_storage::{
    Page, Tx,
    engine::enqueue::Origin,
    tenancy::{
        members::{self, Member, MemberFilter, MemberRecord},
        organizations::{self, Organization},
    },
};

use crate::{credentials::Signed, problem::Problem, state::Api};

pub(crate) use crate::credentials::{Operator, TokenHash, secret_hash};

/// A member with a token or a session that is in force.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) Member);

impl<S: Send + Sync> FromRequestParts<S> for Caller
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Signed(credential) = Signed::from_request_parts(parts, state).await?;
        Ok(Self(credential.member))
    }
}

/// An account admin.
#[derive(Debug, Clone)]
pub(crate) struct AccountAdmin(pub(crate) Member);

impl<S: Send + Sync> FromRequestParts<S> for AccountAdmin
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Caller(member) = Caller::from_request_parts(parts, state).await?;
        if member.role == Role::AccountAdmin {
            Ok(Self(member))
        } else {
            Err(Problem::forbidden("only an account admin may do this"))
        }
    }
}

/// Admins of at least a role, for the organization that the path names.
macro_rules! admins {
    ($($(#[$doc:meta])* $name:ident = $role:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub(crate) struct $name(pub(crate) Admin);

        impl<S: Send + Sync> FromRequestParts<S> for $name
        where
            Api: FromRef<S>,
        {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                let admin = Admin::from_request_parts(parts, state).await?;
                admin.at_least(Role::$role)?;
                Ok(Self(admin))
            }
        }
    )+};
}

admins! {
    /// An admin of the whole organization, or of its account.
    OrganizationAdmin = OrganizationAdmin;
    /// An account admin, at an organization of theirs.
    AccountAdminHere = AccountAdmin;
}

/// An admin, for the organization that the path names.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    pub(crate) member: Member,
    pub(crate) organization_id: OrganizationId,
}

impl<S: Send + Sync> FromRequestParts<S> for Admin
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Caller(member) = Caller::from_request_parts(parts, state).await?;
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Problem::no("organization"))?;
        let named = params.iter().find(|(name, _)| *name == "organization_id").and_then(|(_, id)| id.parse().ok());
        let organization_id = OrganizationId(named.ok_or_else(|| Problem::no("organization"))?);
        let ours = match member.organization_id {
            Some(own) => own == organization_id,
            None => {
                let mut tx = Api::from_ref(state).pool.begin().await?;
                organizations::get(&mut tx, member.account_id, organization_id).await?.is_some()
            }
        };
        if !ours {
            return Err(Problem::no("organization"));
        }
        Self::of(member, organization_id)
    }
}

impl Admin {
    /// Returns a member as an admin of an organization of their account.
    pub(crate) fn of(member: Member, organization_id: OrganizationId) -> Result<Self, Problem> {
        if member.organization_id.is_some_and(|own| own != organization_id) {
            return Err(Problem::no("organization"));
        }
        if member.role == Role::Agent {
            return Err(Problem::forbidden("only an admin may do this"));
        }
        Ok(Self { member, organization_id })
    }

    /// At least this role.
    pub(crate) fn at_least(&self, role: Role) -> Result<(), Problem> {
        if self.member.role >= role {
            Ok(())
        } else {
            Err(Problem::forbidden(format!("this needs the role {}", role.as_str())))
        }
    }

    /// A group admin has only their groups; for them, others are not there.
    pub(crate) fn group(&self, id: GroupId) -> Result<(), Problem> {
        if self.member.role > Role::GroupAdmin || self.member.groups.contains(&id) {
            Ok(())
        } else {
            Err(Problem::no("group"))
        }
    }

    /// As [`Self::group`] for records that may have no group: those are for admins that see all
    /// groups.
    pub(crate) fn group_or_all(&self, id: Option<GroupId>) -> Result<(), Problem> {
        match id {
            Some(id) => self.group(id),
            None if self.member.role > Role::GroupAdmin => Ok(()),
            None => Err(Problem::no("group")),
        }
    }

    /// Returns the groups that this admin sees; none where they see all.
    pub(crate) fn groups(&self) -> Option<&[GroupId]> {
        (self.member.role <= Role::GroupAdmin).then_some(self.member.groups.as_slice())
    }

    /// Returns a member of the path's organization, or of the whole account, for which this admin
    /// may act: make and end tokens. The member is locked. `None` when the admin sees no such
    /// member; refused when the member can do more, or elsewhere, than the admin can.
    pub(crate) async fn act_for(&self, tx: &mut Tx, id: MemberId) -> Result<Option<Member>, Problem> {
        let Some(member) = self.member(tx, id).await? else { return Ok(None) };
        if self.member.reach().covers(&member.reach()) {
            Ok(Some(member))
        } else {
            Err(Problem::forbidden("the member can do more, or elsewhere, than you can"))
        }
    }

    /// Returns the members of the path's organization that this admin sees: a group admin
    /// themselves, the members of their groups, and members without a group.
    pub(crate) fn members(&self) -> MemberFilter<'_> {
        MemberFilter {
            account_id: self.member.account_id,
            organization_id: self.organization_id,
            with_account_admins: self.member.role == Role::AccountAdmin,
            reader: self.groups().map(|groups| (self.member.id, groups)),
            only: None,
            role: None,
            group_id: None,
            search: None,
            state: None,
        }
    }

    /// Returns a member with their record that this admin may change, and the admin as they are
    /// now; both are locked. Refused when the member can do more, or elsewhere, than the admin can.
    pub(crate) async fn to_change(&self, tx: &mut Tx, id: MemberId) -> Result<(Self, MemberRecord), Problem> {
        let (admin, found) = self.locked(tx, id).await?;
        if admin.member.reach().covers(&found.member.reach()) {
            Ok((admin, found))
        } else {
            Err(Problem::forbidden("the member can do more, or elsewhere, than you can"))
        }
    }

    /// Returns a member with their record that this admin sees, and the admin as they are now; both
    /// are locked.
    pub(crate) async fn locked(&self, tx: &mut Tx, id: MemberId) -> Result<(Self, MemberRecord), Problem> {
        members::lock_all(tx, self.member.account_id, &[self.member.id, id]).await?;
        let own =
            MemberFilter { reader: None, with_account_admins: true, only: Some(self.member.id), ..self.members() };
        let own = members::page(&mut *tx, own, Page::first(1)).await?.pop();
        let own = own.filter(|own| own.state == MemberState::Active);
        let own = own.ok_or_else(|| Problem::invalid_token("you are suspended or removed"))?;
        let admin = Self::of(own.member, self.organization_id)?;
        let filter = MemberFilter { only: Some(id), ..admin.members() };
        let found =
            members::page(&mut *tx, filter, Page::first(1)).await?.pop().ok_or_else(|| Problem::no("member"))?;
        Ok((admin, found))
    }

    /// Returns a member of the path's organization, or of the whole account, visible to this admin,
    /// locked. A group admin sees themselves, the members of their groups, and members without a
    /// group.
    pub(crate) async fn member(&self, tx: &mut Tx, id: MemberId) -> Result<Option<Member>, Problem> {
        members::lock(tx, self.member.account_id, id).await?;
        let found = members::get(tx, self.member.account_id, id).await?;
        Ok(found.filter(|member| {
            let here = member.organization_id.is_none_or(|organization| organization == self.organization_id);
            let groups = &member.groups;
            let seen = groups.is_empty() || groups.iter().any(|group| self.group(*group).is_ok());
            here && (seen || id == self.member.id)
        }))
    }

    /// Returns the organization with its settings.
    pub(crate) async fn organization(&self, tx: &mut Tx) -> Result<Organization, Problem> {
        let found = organizations::get(tx, self.member.account_id, self.organization_id).await?;
        found.ok_or_else(|| Problem::no("organization"))
    }

    /// Jobs that this request enqueues belong to its tenant and trace.
    pub(crate) fn origin(&self) -> Origin {
        Origin { organization_id: Some(self.organization_id), traceparent: trace::current() }
    }
}

/// An agent, in their own organization.
#[derive(Debug, Clone)]
pub(crate) struct Agent {
    pub(crate) member: Member,
    pub(crate) organization_id: OrganizationId,
}

impl<S: Send + Sync> FromRequestParts<S> for Agent
where
    Api: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Caller(member) = Caller::from_request_parts(parts, state).await?;
        Self::of(member)
    }
}

impl Agent {
    /// Returns a member as an agent.
    pub(crate) fn of(member: Member) -> Result<Self, Problem> {
        match (member.role, member.organization_id) {
            (Role::Agent, Some(organization_id)) => Ok(Self { member, organization_id }),
            _ => Err(Problem::forbidden("only an agent may do this")),
        }
    }

    /// An agent has only the groups they were added to.
    pub(crate) fn group(&self, id: GroupId) -> Result<(), Problem> {
        if self.member.groups.contains(&id) { Ok(()) } else { Err(Problem::no("group")) }
    }

    /// Returns the organization with its settings.
    pub(crate) async fn organization(&self, tx: &mut Tx) -> Result<Organization, Problem> {
        let found = organizations::get(tx, self.member.account_id, self.organization_id).await?;
        found.ok_or_else(|| Problem::no("organization"))
    }

    /// Jobs that this request enqueues belong to its tenant and trace.
    pub(crate) fn origin(&self) -> Origin {
        Origin { organization_id: Some(self.organization_id), traceparent: trace::current() }
    }
}
