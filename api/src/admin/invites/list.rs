//! `GET /v1/organizations/{organization_id}/invites` (rule A6).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::MemberId;
use muster_storage::tenancy::sign_in::invites;

use crate::{
    admin::invites::body::{InviteBody, body, filter},
    auth::OrganizationAdmin,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

/// Lists the invites of the organization's members, each with its state, by the members' age.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/invites", tag = "members")]
pub(crate) async fn list(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    query: ListQuery,
) -> Result<Answer<Listed<InviteBody>>, Problem> {
    let mut tx = api.pool.begin().await?;
    let page = query.page(MemberId);
    let found = invites::page(&mut tx, &filter(&admin, None), page).await?;
    Ok(Listed::answer(&page, found, |one| one.member_id, |one| body(&one)))
}
