//! `GET /v1/organizations/{organization_id}/bulk-changes`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::BulkChangeId;
use muster_storage::people::bulk;

use crate::{
    admin::bulk_changes::body::{BulkChangeBody, body, seen},
    auth::Admin,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

/// Lists bulk changes, the youngest first; for a group admin their own.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/bulk-changes", tag = "contacts")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery,
) -> Result<Answer<Listed<BulkChangeBody>>, Problem> {
    let page = query.page(BulkChangeId);
    let found = bulk::page(&api.pool, admin.organization_id, seen(&admin), page).await?;
    Ok(Listed::answer(&page, found, |change| change.id, body))
}
