//! Members as admins see them.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{AccountId, GroupId, MemberId, OrganizationId},
    tenancy::{member::MemberState, role::Role},
};

use super::Member;
use crate::{Db, Page, Result, db::error::read_word};

/// A member with their record.
#[derive(Debug, Clone)]
pub struct MemberRecord {
    /// The member.
    pub member: Member,
    /// The address by which files name them.
    pub email: Option<String>,
    /// Whether they may do anything.
    pub state: MemberState,
    /// Bumped by every change.
    pub version: i32,
    /// Since when they are a member.
    pub created_at: DateTime<Utc>,
    /// Since when they are suspended.
    pub suspended_at: Option<DateTime<Utc>>,
    /// Since when they are removed.
    pub removed_at: Option<DateTime<Utc>>,
}

/// The members that a list is about.
#[derive(Debug, Clone, Copy)]
pub struct MemberFilter<'a> {
    /// The customer.
    pub account_id: AccountId,
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The account's admins, which belong to no organization, are in the list too.
    pub with_account_admins: bool,
    /// A group admin that reads, and their groups: others of other groups are not there.
    pub reader: Option<(MemberId, &'a [GroupId])>,
    /// This member alone.
    pub only: Option<MemberId>,
    /// Of this role.
    pub role: Option<Role>,
    /// In this group.
    pub group_id: Option<GroupId>,
    /// With this in their name or address, without regard to case.
    pub search: Option<&'a str>,
    /// In this state; where a list names none, all that were not removed.
    pub state: Option<MemberState>,
}

/// A page of members, by age.
pub async fn page(db: impl Into<Db<'_>>, filter: MemberFilter<'_>, page: Page<MemberId>) -> Result<Vec<MemberRecord>> {
    let groups: Option<Vec<_>> = filter.reader.map(|(_, groups)| groups.iter().map(|id| id.0).collect());
    let rows = sqlx::query_file!(
        "src/tenancy/members/page.sql",
        filter.account_id.0,
        filter.organization_id.0,
        filter.with_account_admins,
        filter.only.map(|id| id.0),
        filter.role.map(Role::as_str),
        filter.group_id.map(|id| id.0),
        filter.search,
        filter.state.map(MemberState::as_str),
        groups.as_deref(),
        filter.reader.map(|(id, _)| id.0),
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *db.into().connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            let member = Member {
                id: MemberId(row.id),
                account_id: filter.account_id,
                organization_id: row.organization_id.map(OrganizationId),
                role: read_word("member", &row.role)?,
                first_name: row.first_name,
                last_name: row.last_name,
                groups: row.groups.into_iter().map(GroupId).collect(),
            };
            Ok(MemberRecord {
                member,
                email: row.email,
                state: MemberState::of(row.suspended_at, row.removed_at),
                version: row.version,
                created_at: row.created_at,
                suspended_at: row.suspended_at,
                removed_at: row.removed_at,
            })
        })
        .collect()
}
