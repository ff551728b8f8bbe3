//! `GET /v1/organizations/{organization_id}/contacts/{contact_id}`.

use axum::extract::State;
use muster_domain::ids::ContactId;
use muster_storage::people::contacts;
use uuid::Uuid;

use crate::{
    admin::contacts::{
        body::{ContactBody, body},
        reach::reachable,
    },
    auth::Admin,
    document::Digested,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads a contact; for a group admin as their groups know it. The answer's `ETag` changes with all
/// that it shows, and goes into `If-Match` of an edit of the contact or of its memberships.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/contacts/{contact_id}", tag = "contacts")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ContactId)>,
) -> Result<Digested<ContactBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    reachable(&mut tx, &admin, id).await?;
    let found = contacts::get(&mut tx, admin.organization_id, admin.groups(), id).await?;
    Ok(Digested(body(found.ok_or_else(|| Problem::no("contact"))?, &admin)))
}
