//! `POST /v1/organizations/{organization_id}/scripts/{script_id}/unarchive`.

use axum::extract::State;
use muster_domain::ids::ScriptId;
use uuid::Uuid;

use crate::{
    admin::scripts::body::{LibraryScriptBody, set_archived},
    auth::OrganizationAdmin,
    document::Tagged,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Takes an archived script of the library back into use.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/scripts/{script_id}/unarchive", tag = "scripts")]
pub(crate) async fn unarchive(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, ScriptId)>,
) -> Result<Tagged<LibraryScriptBody>, Problem> {
    set_archived(api.pool.begin().await?, &admin, id, false).await
}
