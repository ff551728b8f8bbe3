//! `GET /v1/organizations/{organization_id}/scripts/{script_id}`.

use axum::extract::State;
use muster_domain::ids::ScriptId;
use muster_storage::{
    Page,
    goals::scripts::library::{self, Filter},
};
use uuid::Uuid;

use crate::{
    admin::scripts::body::{LibraryScriptBody, tagged},
    auth::Admin,
    document::Tagged,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads a script of the library, also an archived one. The answer's `ETag` goes into `If-Match` of
/// an edit.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/scripts/{script_id}", tag = "scripts")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ScriptId)>,
) -> Result<Tagged<LibraryScriptBody>, Problem> {
    let filter = Filter { id: Some(id), ..Filter::default() };
    let found = library::page(&api.pool, admin.organization_id, filter, Page::first(1)).await?.pop();
    Ok(tagged(found.ok_or_else(|| Problem::no("script"))?))
}
