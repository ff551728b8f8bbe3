//! `POST /v1/organizations/{organization_id}/members/{member_id}/tokens`: make a bearer token. Only
//! its hash is kept.

use axum::extract::State;
use muster_domain::ids::MemberId;
use muster_storage::tenancy::members;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::{Admin, secret_hash},
    document::Created,
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

/// Makes a token for oneself, or for a member with a role and groups that are all within one's own
/// reach. An `Idempotency-Key` has no effect here: an answer with a secret is not kept, and a token
/// that got lost can be revoked.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/members/{member_id}/tokens", tag = "members")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, member_id)): Path<(Uuid, MemberId)>,
) -> Result<Created<NewToken>, Problem> {
    let mut tx = api.pool.begin().await?;
    admin.act_for(&mut tx, member_id).await?.ok_or_else(|| Problem::no("member"))?;
    let id = Uuid::now_v7();
    let token = muster_service::secret::token();
    members::add_token(&mut tx, id, member_id, &secret_hash(&token)).await?;
    tx.commit().await?;
    Ok(Created(NewToken { id, token }))
}
