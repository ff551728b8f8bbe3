//! `GET /v1/organizations/{organization_id}/exports`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::ExportId;
use muster_storage::trust::exports;

use crate::{
    admin::exports::body::{ExportBody, body, seen},
    auth::Admin,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

/// Lists exports, the youngest first; for a group admin their own.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/exports", tag = "exports")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery,
) -> Result<Answer<Listed<ExportBody>>, Problem> {
    let page = query.page(ExportId);
    let found = exports::page(&api.pool, admin.organization_id, seen(&admin), page).await?;
    Ok(Listed::answer(&page, found, |export| export.id, body))
}
