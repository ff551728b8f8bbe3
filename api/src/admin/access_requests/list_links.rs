//! `GET /v1/organizations/{organization_id}/access-requests/{access_request_id}/links`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::ExportId;
use uuid::Uuid;

use crate::{
    admin::{
        access_requests::body::find,
        exports::list_links::{ExportLinks, links},
    },
    auth::OrganizationAdmin,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Lists the links to an access request's file, each with its openings. For admins of the
/// organization and the account.
#[utoipa::path(
    get,
    path = "/v1/organizations/{organization_id}/access-requests/{access_request_id}/links",
    tag = "privacy"
)]
pub(crate) async fn list(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, ExportId)>,
) -> Result<Answer<ExportLinks>, Problem> {
    let mut tx = api.pool.begin().await?;
    find(&mut tx, &admin, id).await?;
    tx.rollback().await?;
    links(&api, id).await
}
