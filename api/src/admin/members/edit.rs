//! `PATCH /v1/organizations/{organization_id}/members/{member_id}`: name, address, role and groups
//! (rules A5 and A6).

use std::collections::BTreeSet;

use axum::extract::State;
use muster_domain::{
    ids::{GroupId, MemberId},
    tenancy::{
        member::{MemberState, RoleChange, change_role},
        role::Role,
    },
};
use muster_storage::{
    Page, Tx,
    sending::Concerned,
    tenancy::{
        groups,
        members::{self, MemberEdit, MemberFilter, MemberRecord},
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::members::{
        list::{MemberBody, body},
        remove::let_go,
    },
    auth::Admin,
    bounds,
    document::Tagged,
    extract::{IfMatch, Json, Path, present},
    problem::Problem,
    shapes,
    state::Api,
};

/// Absent members stay as they are.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberEditBody {
    #[schema(value_type = Option<bounds::PersonName>)]
    first_name: Option<String>,
    #[schema(value_type = Option<bounds::PersonName>)]
    last_name: Option<String>,
    /// Null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<bounds::Email>)]
    #[expect(clippy::option_option, reason = "absent, null and a value are three different edits")]
    email: Option<Option<String>>,
    /// A greater role ends the member's tokens; an agent that becomes an admin has nothing in hand
    /// any more.
    #[schema(value_type = Option<shapes::Role>)]
    role: Option<Role>,
    /// All groups of the member. An agent gets a number in each, and has nothing in hand any more
    /// in those that are left.
    #[schema(value_type = Option<bounds::MemberGroups>)]
    groups: Option<Vec<GroupId>>,
}

/// Edits a member that can do no more, and nowhere else, than the admin. The own role stays as it
/// is.
#[utoipa::path(patch, path = "/v1/organizations/{organization_id}/members/{member_id}", tag = "members")]
pub(crate) async fn patch(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, MemberId)>,
    expected: IfMatch,
    Json(edit): Json<MemberEditBody>,
) -> Result<Tagged<MemberBody>, Problem> {
    let first_name = edit.first_name.as_deref().map(|name| bounds::PersonName::read("first_name", name)).transpose()?;
    let last_name = edit.last_name.as_deref().map(|name| bounds::PersonName::read("last_name", name)).transpose()?;
    let email = match &edit.email {
        Some(Some(email)) => Some(Some(bounds::Email::read("email", email)?)),
        Some(None) => Some(None),
        None => None,
    };
    if let Some(groups) = &edit.groups {
        bounds::MemberGroups::check("groups", groups)?;
    }
    let mut tx = api.pool.begin().await?;
    let (admin, before) = admin.to_change(&mut tx, id).await?;
    if !expected.allows(before.version) {
        return Err(Problem::edited_meanwhile(format!("the member is at version {}", before.version)));
    }
    if before.state == MemberState::Removed {
        return Err(Problem::conflict("the member was removed"));
    }
    let role = edit.role.unwrap_or(before.member.role);
    let change = role_change(&admin, &before, role)?;
    let new = MemberEdit {
        first_name: first_name.unwrap_or(&before.member.first_name),
        last_name: last_name.unwrap_or(&before.member.last_name),
        email: email.unwrap_or(before.email.as_deref()),
        role,
    };
    let texting_ends = regroup(&mut tx, &admin, &before, new, change, edit.groups.as_deref()).await?;
    if change.ends_tokens {
        members::revoke_tokens(&mut tx, id).await?;
    }
    let filter = MemberFilter { only: Some(id), ..admin.members() };
    let after = members::page(&mut tx, filter, Page::first(1)).await?.pop().ok_or_else(|| Problem::no("member"))?;
    tx.commit().await?;
    if texting_ends {
        api.until_it_holds(Concerned::Organization(admin.organization_id)).await;
    }
    Ok(Tagged { version: after.version, body: body(&admin, after) })
}

/// Returns the effects of a new role, if this admin may give it.
fn role_change(admin: &Admin, before: &MemberRecord, role: Role) -> Result<RoleChange, Problem> {
    if role != before.member.role {
        if before.member.id == admin.member.id {
            return Err(Problem::forbidden("nobody changes their own role"));
        }
        if !admin.member.role.may_appoint(role) {
            let (own, other) = (admin.member.role.as_str(), role.as_str());
            return Err(Problem::forbidden(format!("a {own} may not appoint a {other}")));
        }
    }
    change_role(before.member.role, role).ok_or_else(|| {
        Problem::conflict("an account admin belongs to no organization: create one, and remove this member")
    })
}

/// Writes the edit with the groups; true when the member texts somewhere no more.
async fn regroup(
    tx: &mut Tx,
    admin: &Admin,
    before: &MemberRecord,
    new: MemberEdit<'_>,
    change: RoleChange,
    groups: Option<&[GroupId]>,
) -> Result<bool, Problem> {
    let member = &before.member;
    let old: BTreeSet<GroupId> = member.groups.iter().copied().collect();
    let wanted = groups.map_or_else(|| old.clone(), |groups| groups.iter().copied().collect());
    let (left, joined): (Vec<_>, Vec<_>) = (old.difference(&wanted).collect(), wanted.difference(&old).collect());
    for group in &joined {
        admin.group(**group)?;
    }
    let named: Vec<_> = joined.iter().map(|group| **group).collect();
    if !named.is_empty() && member.organization_id != Some(admin.organization_id) {
        return Err(Problem::conflict("an account admin is in no group"));
    }
    if !groups::all_exist(tx, admin.organization_id, &named).await? {
        return Err(Problem::no("group"));
    }
    let mut texting_ends = false;
    for group in &old {
        let leaves = left.contains(&group);
        if member.role == Role::Agent && (leaves || change.stops_texting) {
            let_go(tx, admin, member, *group, true).await?;
            texting_ends = true;
        }
        if leaves {
            members::leave_group(tx, *group, member.id).await?;
        }
    }
    if !members::edit(tx, before, new).await? {
        return Err(Problem::conflict("another member has this email"));
    }
    for group in &wanted {
        let joins = !old.contains(group);
        if new.role == Role::Agent && (joins || change.begins_texting) {
            let number = groups::add_agent(tx, *group, member.id).await?;
            number.ok_or_else(|| Problem::no_sender_number("add numbers of the group's area code first"))?;
        } else if joins {
            groups::add_member(tx, *group, member.id).await?;
        }
    }
    Ok(texting_ends)
}
