//! `POST /v1/organizations/{organization_id}/access-requests/{access_request_id}/cancel`.

use axum::{Json as Answer, extract::State};
use muster_domain::{ids::ExportId, trust::export::ExportCommand};
use muster_storage::trust::exports;
use uuid::Uuid;

use crate::{
    admin::access_requests::body::{AccessRequestBody, body, find},
    auth::OrganizationAdmin,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Cancels an access request that is not over; nothing of its file is left. For admins of the
/// organization and the account.
#[utoipa::path(
    post,
    path = "/v1/organizations/{organization_id}/access-requests/{access_request_id}/cancel",
    tag = "privacy"
)]
pub(crate) async fn cancel(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, ExportId)>,
) -> Result<Answer<AccessRequestBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    find(&mut tx, &admin, id).await?;
    let gone = || Problem::no("access request");
    let export = exports::lock(&mut tx, admin.organization_id, id).await?.ok_or_else(gone)?;
    if !exports::end(&mut tx, &export, ExportCommand::Cancel, None).await? {
        return Err(Problem::conflict("the access request is over"));
    }
    let after = find(&mut tx, &admin, id).await?;
    tx.commit().await?;
    Ok(Answer(body(after)))
}
