//! `DELETE /v1/organizations/{organization_id}/groups/{group_id}/members/{member_id}` (rule A6).

use axum::extract::State;
use muster_domain::{
    ids::{GroupId, MemberId},
    tenancy::role::Role,
};
use muster_storage::{
    sending::Concerned,
    tenancy::{groups, members},
};
use uuid::Uuid;

use crate::{
    admin::members::remove::let_go, auth::Admin, document::NoContent, extract::Path, problem::Problem, state::Api,
};

/// Takes a member out of a group: an agent's work in hand there is free at once, as with a
/// removal from the organization, and they go on in their other groups.
#[utoipa::path(
    delete,
    path = "/v1/organizations/{organization_id}/groups/{group_id}/members/{member_id}",
    tag = "groups"
)]
pub(crate) async fn leave(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id, member_id)): Path<(Uuid, GroupId, MemberId)>,
) -> Result<NoContent, Problem> {
    admin.group(id)?;
    groups::get(&api.pool, admin.organization_id, id).await?.ok_or_else(|| Problem::no("group"))?;
    let mut tx = api.pool.begin().await?;
    let (admin, found) = admin.locked(&mut tx, member_id).await?;
    admin.group(id)?;
    let member = found.member;
    if !member.groups.contains(&id) {
        return Err(Problem::no("member in this group"));
    }
    if !admin.member.reach().may_take_out(&member.reach(), id) {
        return Err(Problem::forbidden("the member can do as much as you can"));
    }
    let texts = member.role == Role::Agent;
    if texts {
        let_go(&mut tx, &admin, &member, id, true).await?;
    }
    members::leave_group(&mut tx, id, member_id).await?;
    tx.commit().await?;
    if texts {
        api.until_it_holds(Concerned::Organization(admin.organization_id)).await;
    }
    Ok(NoContent)
}
