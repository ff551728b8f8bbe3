//! `GET /v1/organizations`. Account admins only.

use axum::{Json as Answer, extract::State};
use muster_storage::tenancy::organizations;

use crate::{admin::organizations::body::OrganizationItem, auth::AccountAdmin, problem::Problem, state::Api};

/// Lists the account's organizations.
#[utoipa::path(get, path = "/v1/organizations", tag = "organizations")]
pub(crate) async fn list(
    State(api): State<Api>,
    AccountAdmin(member): AccountAdmin,
) -> Result<Answer<Vec<OrganizationItem>>, Problem> {
    let all = organizations::list(&api.pool, member.account_id).await?;
    Ok(Answer(all.into_iter().map(|one| OrganizationItem { id: one.id, name: one.name }).collect()))
}
