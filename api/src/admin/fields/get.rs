//! `GET /v1/organizations/{organization_id}/fields/{field_id}`.

use axum::extract::State;
use muster_domain::ids::FieldId;
use muster_storage::people::fields;
use uuid::Uuid;

use crate::{
    admin::fields::body::{FieldBody, body},
    auth::Admin,
    document::Tagged,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads a field, with a count of its contacts that ends at 10,000.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/fields/{field_id}", tag = "tags")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, FieldId)>,
) -> Result<Tagged<FieldBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let found = fields::get(&mut tx, admin.organization_id, admin.groups(), id).await?;
    let field = found.ok_or_else(|| Problem::no("field"))?;
    let contacts = fields::count(&mut tx, admin.organization_id, admin.groups(), &field.name).await?;
    Ok(Tagged { version: field.version, body: body(field, contacts) })
}
