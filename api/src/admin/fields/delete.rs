//! `DELETE /v1/organizations/{organization_id}/fields/{field_id}`: where nothing refers to it.

use axum::extract::State;
use muster_domain::{ids::FieldId, sending::template::merge_field_pattern};
use muster_storage::people::fields;
use uuid::Uuid;

use crate::{
    admin::tags::deleted, auth::OrganizationAdmin, document::NoContent, extract::Path, problem::Problem, state::Api,
};

/// Deletes a custom field in which no contact has a value, and that no goal, script and source
/// names.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/fields/{field_id}", tag = "tags")]
pub(crate) async fn delete(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, FieldId)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let field = fields::lock(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("field"))?;
    let pattern = merge_field_pattern(&field.name);
    deleted(fields::delete(&mut tx, admin.organization_id, &field, &pattern).await?)?;
    tx.commit().await?;
    Ok(NoContent)
}
