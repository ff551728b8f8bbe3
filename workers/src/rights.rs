//! The rights of an admin behind a job that lasts (rule A5).

use muster_domain::{
    ids::{GroupId, MemberId},
    people::bulk::Asker,
    tenancy::{member::MemberState, role::Role},
};
use muster_storage::{
    Page, Tx,
    tenancy::{
        members::{self, MemberFilter},
        organizations::Organization,
    },
};

use crate::error::JobError;

/// Returns whether the admin that asked for a job with these groups, or with all where there are
/// none, may still do so. It needs this role at least.
pub(crate) async fn may_go_on(
    tx: &mut Tx,
    organization: &Organization,
    asked_by: MemberId,
    asked_with: Option<&[GroupId]>,
    role: Role,
) -> Result<bool, JobError> {
    let filter = MemberFilter {
        account_id: organization.account_id,
        organization_id: organization.id,
        with_account_admins: true,
        reader: None,
        only: Some(asked_by),
        role: None,
        group_id: None,
        search: None,
        state: None,
    };
    let found = members::page(&mut *tx, filter, Page::first(1)).await?.pop();
    Ok(found.is_some_and(|found| {
        let active = found.state == MemberState::Active;
        let asker = Asker { active, role: found.member.role, groups: &found.member.groups };
        asker.may_go_on(asked_with) && asker.role >= role
    }))
}
