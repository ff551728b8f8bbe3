//! `GET /v1/organizations/{organization_id}/members/{member_id}/tokens` (rule A6).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::ids::MemberId;
use muster_storage::tenancy::members::{self, Token};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Admin,
    extract::{Page, Path, Query},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct TokenBody {
    id: Uuid,
    name: String,
    created_at: DateTime<Utc>,
    /// To the minute; null if it was never used.
    last_used_at: Option<DateTime<Utc>>,
    /// From then on it is refused; null for never.
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TokenPage {
    items: Vec<TokenBody>,
    /// The cursor of the next page; null on the last.
    next: Option<Uuid>,
}

/// Lists the tokens of a member that were not ended, by age: for oneself, and for those that may
/// make and end them. Nothing of a secret is told.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/members/{member_id}/tokens", tag = "members")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, member_id)): Path<(Uuid, MemberId)>,
    Query(page): Query<Page>,
) -> Result<Answer<TokenPage>, Problem> {
    let limit = page.limit()?;
    let mut tx = api.pool.begin().await?;
    admin.act_for(&mut tx, member_id).await?.ok_or_else(|| Problem::no("member"))?;
    let all = members::tokens(&mut tx, member_id, page.cursor, limit).await?;
    let next = all.last().map(|token| token.id).filter(|_| i64::try_from(all.len()) == Ok(limit));
    let body = |Token { id, name, created_at, last_used_at, expires_at }| TokenBody {
        id,
        name,
        created_at,
        last_used_at,
        expires_at,
    };
    Ok(Answer(TokenPage { items: all.into_iter().map(body).collect(), next }))
}
