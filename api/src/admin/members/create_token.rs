//! `POST /v1/organizations/{organization_id}/members/{member_id}/tokens`: make a bearer token. Only
//! its hash is kept.

use axum::extract::State;
use chrono::{DateTime, Utc};
use muster_domain::{ids::MemberId, tenancy::sign_in::scope::Scope};
use muster_storage::{tenancy::members, trust::audit};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::{Admin, secret_hash},
    bounds,
    document::Created,
    extract::{OptionalJson, Path},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTokenBody {
    /// By which it is told apart in a list.
    #[serde(default)]
    #[schema(value_type = bounds::TokenName)]
    name: String,
    /// `read` for reading alone; all rights of the member if absent.
    #[serde(default)]
    #[schema(value_type = Option<shapes::Scope>)]
    scope: Option<Scope>,
    /// From then on it is refused; it lasts until it is ended if absent.
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NewToken {
    id: Uuid,
    #[schema(value_type = shapes::Scope)]
    scope: Scope,
    expires_at: Option<DateTime<Utc>>,
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
    OptionalJson(body): OptionalJson<NewTokenBody>,
) -> Result<Created<NewToken>, Problem> {
    let name = bounds::TokenName::read("name", &body.name)?;
    let mut tx = api.pool.begin().await?;
    let now = tx.clock().await?;
    if body.expires_at.is_some_and(|at| at <= now) {
        return Err(Problem::invalid_body("expires_at must be in the future"));
    }
    admin.act_for(&mut tx, member_id).await?.ok_or_else(|| Problem::no("member"))?;
    let id = Uuid::now_v7();
    let token = muster_service::secret::token();
    let (secret_hash, scope) = (secret_hash(&token), body.scope.unwrap_or(Scope::Full));
    let new = members::NewToken { id, member_id, name, secret_hash: &secret_hash, scope, expires_at: body.expires_at };
    members::add_token(&mut tx, new).await?;
    audit::made("token", id);
    tx.commit().await?;
    Ok(Created(NewToken { id, scope, expires_at: body.expires_at, token }))
}
