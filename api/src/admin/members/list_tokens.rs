//! `GET /v1/organizations/{organization_id}/members/{member_id}/tokens` (rule A6).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{ids::MemberId, tenancy::sign_in::scope::Scope};
use muster_storage::tenancy::members::{self, Token};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Admin,
    extract::Path,
    list::{Item, ListQuery, Listed},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct TokenBody {
    id: Uuid,
    name: String,
    #[schema(value_type = shapes::Scope)]
    scope: Scope,
    created_at: DateTime<Utc>,
    /// To the minute; null if it was never used.
    last_used_at: Option<DateTime<Utc>>,
    /// From then on it is refused; null for never.
    expires_at: Option<DateTime<Utc>>,
}

impl Item for TokenBody {
    type Id = Uuid;

    const PAGE: &'static str = "TokenPage";
}

/// Lists the tokens of a member that were not ended, by age: for oneself, and for those that may
/// make and end them. Nothing of a secret is told.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/members/{member_id}/tokens", tag = "members")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, member_id)): Path<(Uuid, MemberId)>,
    query: ListQuery,
) -> Result<Answer<Listed<TokenBody>>, Problem> {
    let mut tx = api.pool.begin().await?;
    admin.act_for(&mut tx, member_id).await?.ok_or_else(|| Problem::no("member"))?;
    let page = query.page(|id| id);
    let found = members::tokens(&mut tx, member_id, page).await?;
    let body = |Token { id, name, scope, created_at, last_used_at, expires_at }| TokenBody {
        id,
        name,
        scope,
        created_at,
        last_used_at,
        expires_at,
    };
    Ok(Listed::answer(&page, found, |token| token.id, body))
}
