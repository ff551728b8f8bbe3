//! `POST /v1/organizations/{organization_id}/bulk-changes/{bulk_change_id}/cancel`.

use axum::{Json as Answer, extract::State};
use muster_domain::{ids::BulkChangeId, people::bulk::BulkCommand};
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

/// Cancels a bulk change that is not over, between two slices of its contacts: from the answer on
/// no more is changed. Its changes so far stay.
#[utoipa::path(
    post,
    path = "/v1/organizations/{organization_id}/bulk-changes/{bulk_change_id}/cancel",
    tag = "contacts"
)]
pub(crate) async fn cancel(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, BulkChangeId)>,
) -> Result<Answer<BulkChangeBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let filter = Filter { id: Some(id), ..seen(&admin) };
    let there = bulk::page(&mut tx, admin.organization_id, filter, Page::first(1)).await?.pop();
    there.ok_or_else(|| Problem::no("bulk change"))?;
    let change = bulk::lock(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("bulk change"))?;
    if !bulk::end(&mut tx, &change, BulkCommand::Cancel, None).await? {
        return Err(Problem::conflict("the bulk change is over"));
    }
    let after = bulk::page(&mut tx, admin.organization_id, filter, Page::first(1)).await?.pop();
    tx.commit().await?;
    Ok(Answer(body(after.ok_or_else(|| Problem::no("bulk change"))?)))
}
