//! `POST /v1/organizations/{organization_id}/access-requests/{access_request_id}/links`.

use axum::extract::State;
use muster_domain::ids::ExportId;
use uuid::Uuid;

use crate::{
    admin::{
        access_requests::body::find,
        exports::create_link::{NewExportLink, make},
    },
    auth::OrganizationAdmin,
    document::Created,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Makes a link to the file of an access request that has succeeded. It is bound to the admin that
/// makes it: it ends with their rights, and its openings are told beside their name. Make one for
/// each person and use. An `Idempotency-Key` has no effect here: an answer with a secret is not
/// kept. For admins of the organization and the account.
#[utoipa::path(
    post,
    path = "/v1/organizations/{organization_id}/access-requests/{access_request_id}/links",
    tag = "privacy"
)]
pub(crate) async fn create(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, ExportId)>,
) -> Result<Created<NewExportLink>, Problem> {
    let mut tx = api.pool.begin().await?;
    let request = find(&mut tx, &admin, id).await?;
    make(tx, &admin, &request.export).await
}
