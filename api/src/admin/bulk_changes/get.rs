//! `GET /v1/organizations/{organization_id}/bulk-changes/{bulk_change_id}`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::BulkChangeId;
use muster_storage::{
    Page,
    people::bulk::{self, Filter},
};
use uuid::Uuid;

use crate::{
    admin::bulk_changes::body::{BulkChangeBody, body, seen},
    auth::Admin,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads a bulk change with its progress.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/bulk-changes/{bulk_change_id}", tag = "contacts")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, BulkChangeId)>,
) -> Result<Answer<BulkChangeBody>, Problem> {
    let filter = Filter { id: Some(id), ..seen(&admin) };
    let found = bulk::page(&api.pool, admin.organization_id, filter, Page::first(1)).await?.pop();
    Ok(Answer(body(found.ok_or_else(|| Problem::no("bulk change"))?)))
}
