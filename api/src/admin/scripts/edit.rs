//! `PATCH /v1/organizations/{organization_id}/scripts/{script_id}`.

use axum::extract::State;
use muster_domain::ids::ScriptId;
use muster_storage::goals::scripts::library::{self, NewScript};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::scripts::body::{LibraryScriptBody, check, lock, saved, tagged},
    auth::OrganizationAdmin,
    bounds,
    document::Tagged,
    extract::{IfMatch, Json, Path},
    problem::Problem,
    state::Api,
};

/// Absent members stay as they are.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScriptEdit {
    #[schema(value_type = Option<bounds::ScriptName>)]
    name: Option<String>,
    #[schema(value_type = Option<bounds::Script>)]
    script: Option<String>,
}

/// Edits a script of the library; its kind stays. Goals that were written with it keep theirs.
#[utoipa::path(patch, path = "/v1/organizations/{organization_id}/scripts/{script_id}", tag = "scripts")]
pub(crate) async fn patch(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, ScriptId)>,
    expected: IfMatch,
    Json(edit): Json<ScriptEdit>,
) -> Result<Tagged<LibraryScriptBody>, Problem> {
    let name = edit.name.as_deref().map(|name| bounds::ScriptName::read("name", name)).transpose()?;
    if let Some(script) = &edit.script {
        bounds::Script::read("script", script)?;
    }
    let mut tx = api.pool.begin().await?;
    let before = lock(&mut tx, &admin, id, Some(&expected)).await?;
    let script = edit.script.as_deref().unwrap_or(&before.script);
    check(&mut tx, &admin, before.kind, script).await?;
    let new = NewScript { kind: before.kind, name: name.unwrap_or(&before.name), script };
    saved(library::update(&mut tx, admin.organization_id, id, new, before.archived_at.is_some()).await?)?;
    let after = lock(&mut tx, &admin, id, None).await?;
    tx.commit().await?;
    Ok(tagged(after))
}
