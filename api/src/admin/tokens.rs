//! `/v1/organizations/{organization_id}/members/{member_id}/tokens`: make and revoke bearer tokens. Only their hashes are kept.

use axum::extract::State;
use muster_domain::{ids::MemberId, role::Role};
use muster_storage::members::{self, Member};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::{Admin, secret_hash},
    document::{Created, NoContent},
    extract::Path,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct NewToken {
    id: Uuid,
    /// Shown once, here.
    token: String,
}

/// Makes a token. An `Idempotency-Key` has no effect here: an answer with a secret is not kept, and a token that got lost can be revoked.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/members/{member_id}/tokens", tag = "members")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, member_id)): Path<(Uuid, MemberId)>,
) -> Result<Created<NewToken>, Problem> {
    let mut tx = api.pool.begin().await?;
    let member =
        members::get(&mut tx, admin.member.account_id, member_id).await?.ok_or_else(|| Problem::no("member"))?;
    let reachable = member.organization_id.is_none_or(|organization| organization == admin.organization_id);
    if !reachable {
        return Err(Problem::no("member"));
    }
    in_reach(&admin, &member)?;
    let id = Uuid::now_v7();
    let token = muster_service::secret::token();
    members::add_token(&mut tx, id, member_id, &secret_hash(&token)).await?;
    tx.commit().await?;
    Ok(Created(NewToken { id, token }))
}

/// Tokens are made and revoked for oneself and for those whom one may appoint; a group admin's are the agents of their groups.
fn in_reach(admin: &Admin, member: &Member) -> Result<(), Problem> {
    if member.id == admin.member.id {
        return Ok(());
    }
    if !admin.member.role.may_appoint(member.role) {
        return Err(Problem::forbidden("tokens of this role are not yours to make or revoke"));
    }
    let shared = member.groups.iter().any(|group| admin.group(*group).is_ok());
    if admin.member.role > Role::GroupAdmin || shared { Ok(()) } else { Err(Problem::no("member")) }
}

/// Revokes a token: it is refused from now on.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/tokens/{token_id}", tag = "members")]
pub(crate) async fn revoke(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, token_id)): Path<(Uuid, Uuid)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let owner = members::token_owner(&mut tx, token_id).await?.ok_or_else(|| Problem::no("token"))?;
    let owner = members::get(&mut tx, admin.member.account_id, owner).await?.ok_or_else(|| Problem::no("token"))?;
    if owner.organization_id.is_some_and(|organization| organization != admin.organization_id) {
        return Err(Problem::no("token"));
    }
    in_reach(&admin, &owner)?;
    members::revoke_token(&mut tx, token_id).await?;
    tx.commit().await?;
    Ok(NoContent)
}
