//! `GET /v1/organizations/{organization_id}/import-sources/{source_id}`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::ImportSourceId;
use uuid::Uuid;

use crate::{
    admin::import_sources::body::{SourceItem, find, item},
    auth::OrganizationAdmin,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads a source, and the outcome of the last look at its file.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/import-sources/{source_id}", tag = "imports")]
pub(crate) async fn get(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, ImportSourceId)>,
) -> Result<Answer<SourceItem>, Problem> {
    Ok(Answer(item(find(&api, &admin, id).await?)))
}
