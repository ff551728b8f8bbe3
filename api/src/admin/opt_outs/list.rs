//! `GET /v1/organizations/{organization_id}/opt-outs`: opt-outs by recency.

use axum::{Json as Answer, extract::State};
use muster_storage::people::opt_outs::{self, Part};

use crate::{
    admin::opt_outs::body::{OptOutPage, OptOutQuery, page, read_cursor},
    auth::Admin,
    extract::Query,
    list::page_limit,
    problem::Problem,
    state::Api,
};

/// Lists the opt-outs in force, the latest first; for a group admin those of their groups'
/// contacts. Opt-outs that remain of redacted people are nobody's any more and are not in it.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/opt-outs", tag = "contacts")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Query(query): Query<OptOutQuery>,
) -> Result<Answer<OptOutPage>, Problem> {
    let limit = page_limit(query.limit)?;
    let after = query.cursor.as_deref().map(read_cursor).transpose()?;
    let part = Part { origin: query.origin, after, limit };
    let found = opt_outs::part(&api.pool, admin.organization_id, admin.groups(), part).await?;
    Ok(Answer(page(found, limit)))
}
