//! `PATCH /v1/organizations/{organization_id}/fields/{field_id}`: its lock (rule C14).

use axum::extract::State;
use muster_domain::ids::FieldId;
use muster_storage::people::fields;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::fields::body::{FieldBody, body},
    auth::OrganizationAdmin,
    document::Tagged,
    extract::{IfMatch, Json, Path},
    problem::Problem,
    state::Api,
};

/// An absent member stays as it is.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldEdit {
    /// Files and agents leave its values as they are.
    locked: Option<bool>,
}

/// Edits a custom field. It gets another name by `…/rename`.
#[utoipa::path(patch, path = "/v1/organizations/{organization_id}/fields/{field_id}", tag = "tags")]
pub(crate) async fn patch(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, FieldId)>,
    expected: IfMatch,
    Json(edit): Json<FieldEdit>,
) -> Result<Tagged<FieldBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let before = fields::lock(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("field"))?;
    if !expected.allows(before.version) {
        return Err(Problem::edited_meanwhile(format!("the field is at version {}", before.version)));
    }
    fields::set_locked(&mut tx, id, edit.locked.unwrap_or(before.locked)).await?;
    let after = fields::get(&mut tx, admin.organization_id, None, id).await?.ok_or_else(|| Problem::no("field"))?;
    let contacts = fields::count(&mut tx, admin.organization_id, None, &after.name).await?;
    tx.commit().await?;
    Ok(Tagged { version: after.version, body: body(after, contacts) })
}
