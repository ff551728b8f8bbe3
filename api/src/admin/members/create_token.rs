//! `POST /v1/organizations/{organization_id}/members/{member_id}/tokens`: make a bearer token. Only
//! its hash is kept.

use axum::extract::State;
use chrono::{DateTime, Utc};
use muster_domain::ids::MemberId;
use muster_storage::tenancy::members;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::{Admin, secret_hash},
    bounds,
    document::Created,
    extract::{OptionalJson, Path},
    problem::Problem,
    state::Api,
};

#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTokenBody {
    /// By which it is told apart in a list.
    #[serde(default)]
    #[schema(value_type = bounds::TokenName)]
    name: String,
    /// From then on it is refused; it lasts until it is ended if absent.
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NewToken {
    id: Uuid,
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
    let secret_hash = secret_hash(&token);
    let new = members::NewToken { id, member_id, name, secret_hash: &secret_hash, expires_at: body.expires_at };
    members::add_token(&mut tx, new).await?;
    tx.commit().await?;
    Ok(Created(NewToken { id, expires_at: body.expires_at, token }))
}
