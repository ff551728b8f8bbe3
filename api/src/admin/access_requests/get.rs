//! `GET /v1/organizations/{organization_id}/access-requests/{access_request_id}`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::ExportId;
use uuid::Uuid;

use crate::{
    admin::access_requests::body::{AccessRequestBody, body, find},
    auth::OrganizationAdmin,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads an access request with its progress. For admins of the organization and the account.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/access-requests/{access_request_id}", tag = "privacy")]
pub(crate) async fn get(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, ExportId)>,
) -> Result<Answer<AccessRequestBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    Ok(Answer(body(find(&mut tx, &admin, id).await?)))
}
