//! `GET /v1/organizations/{organization_id}/scripts`: scripts of the library by age.

use axum::{Json as Answer, extract::State};
use muster_domain::{goals::script::ScriptKind, ids::ScriptId};
use muster_storage::goals::scripts::library::{self, Filter};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::scripts::body::{LibraryScriptBody, body},
    auth::Admin,
    list::{ListQuery, Listed},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScriptListFilter {
    /// Only scripts of this kind.
    #[param(value_type = Option<shapes::ScriptKind>)]
    kind: Option<ScriptKind>,
    /// Archived scripts, instead of those in use.
    archived: Option<bool>,
}

/// Lists the library's scripts by age.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/scripts", tag = "scripts")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery<ScriptListFilter>,
) -> Result<Answer<Listed<LibraryScriptBody>>, Problem> {
    let ScriptListFilter { kind, archived } = query.filter;
    let page = query.page(ScriptId);
    let filter = Filter { kind, archived: Some(archived.unwrap_or(false)), id: None };
    let found = library::page(&api.pool, admin.organization_id, filter, page).await?;
    Ok(Listed::answer(&page, found, |script| script.id, body))
}
