//! `POST /v1/organizations/{organization_id}/scripts/{script_id}/archive`.

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

/// Archives a script of the library: it is offered to nobody any more.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/scripts/{script_id}/archive", tag = "scripts")]
pub(crate) async fn archive(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, ScriptId)>,
) -> Result<Tagged<LibraryScriptBody>, Problem> {
    set_archived(api.pool.begin().await?, &admin, id, true).await
}
