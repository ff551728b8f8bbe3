//! `GET /v1/organizations/{organization_id}/access-requests`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::ExportId;
use muster_storage::trust::access;

use crate::{
    admin::access_requests::body::{AccessRequestBody, body},
    auth::OrganizationAdmin,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

/// Lists access requests, the youngest first. For admins of the organization and the account.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/access-requests", tag = "privacy")]
pub(crate) async fn list(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    query: ListQuery,
) -> Result<Answer<Listed<AccessRequestBody>>, Problem> {
    let page = query.page(ExportId);
    let mut tx = api.pool.begin().await?;
    let found = access::page(&mut tx, admin.organization_id, None, page).await?;
    tx.rollback().await?;
    Ok(Listed::answer(&page, found, |request| request.export.id, body))
}
