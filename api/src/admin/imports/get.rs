//! `GET /v1/organizations/{organization_id}/imports/{import_id}`: progress and report (rule C12).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::ImportId;
use uuid::Uuid;

use crate::{
    admin::imports::body::{ImportBody, body, find},
    auth::Admin,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads an import's progress or report. The counters add up to the rows read once it is over.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/imports/{import_id}", tag = "imports")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ImportId)>,
) -> Result<Answer<ImportBody>, Problem> {
    let import = find(&api, &admin, id).await?;
    Ok(Answer(body(&api, import).await?))
}
