//! `GET /v1/organizations/{organization_id}/tags/{tag_id}`.

use axum::extract::State;
use muster_domain::ids::TagId;
use muster_storage::people::tags;
use uuid::Uuid;

use crate::{
    admin::tags::body::{TagBody, body},
    auth::Admin,
    document::Tagged,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads a tag, with a count of its contacts that ends at 10,000.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/tags/{tag_id}", tag = "tags")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, TagId)>,
) -> Result<Tagged<TagBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let found = tags::get(&mut tx, admin.organization_id, admin.groups(), id).await?;
    let tag = found.ok_or_else(|| Problem::no("tag"))?;
    let contacts = tags::count(&mut tx, admin.groups(), id).await?;
    Ok(Tagged { version: tag.version, body: body(tag, contacts) })
}
