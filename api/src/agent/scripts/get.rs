//! `GET /v1/agent/scripts/{script_id}`.

use axum::extract::State;
use muster_domain::ids::ScriptId;
use muster_storage::{Page, goals::scripts::own};

use crate::{
    agent::scripts::body::{OwnScriptBody, tagged},
    auth::Agent,
    document::Tagged,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads one of the agent's own scripts. The answer's `ETag` goes into `If-Match` of an edit.
#[utoipa::path(get, path = "/v1/agent/scripts/{script_id}", tag = "agent")]
pub(crate) async fn get(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<ScriptId>,
) -> Result<Tagged<OwnScriptBody>, Problem> {
    let found = own::page(&api.pool, agent.member.id, Some(id), Page::first(1)).await?.pop();
    Ok(tagged(found.ok_or_else(|| Problem::no("script"))?))
}
