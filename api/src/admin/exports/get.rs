//! `GET /v1/organizations/{organization_id}/exports/{export_id}`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::ExportId;
use uuid::Uuid;

use crate::{
    admin::exports::body::{ExportBody, body, find},
    auth::Admin,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads an export with its progress.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/exports/{export_id}", tag = "exports")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ExportId)>,
) -> Result<Answer<ExportBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    Ok(Answer(body(find(&mut tx, &admin, id).await?)))
}
