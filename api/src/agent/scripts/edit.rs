//! `PATCH /v1/agent/scripts/{script_id}`.

use axum::extract::State;
use muster_domain::ids::ScriptId;
use muster_storage::goals::scripts::own;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::scripts::body::{OwnScriptBody, check, saved, tagged},
    auth::Agent,
    bounds,
    document::Tagged,
    extract::{IfMatch, Json, Path},
    problem::Problem,
    state::Api,
};

/// Absent members stay as they are.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnScriptEdit {
    #[schema(value_type = Option<bounds::ScriptName>)]
    name: Option<String>,
    #[schema(value_type = Option<bounds::Script>)]
    script: Option<String>,
}

/// Edits one of the agent's own scripts.
#[utoipa::path(patch, path = "/v1/agent/scripts/{script_id}", tag = "agent")]
pub(crate) async fn patch(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<ScriptId>,
    expected: IfMatch,
    Json(edit): Json<OwnScriptEdit>,
) -> Result<Tagged<OwnScriptBody>, Problem> {
    let name = edit.name.as_deref().map(|name| bounds::ScriptName::read("name", name)).transpose()?;
    if let Some(script) = &edit.script {
        bounds::Script::read("script", script)?;
    }
    let mut tx = api.pool.begin().await?;
    let before = own::lock(&mut tx, agent.member.id, id).await?.ok_or_else(|| Problem::no("script"))?;
    if !expected.allows(before.version) {
        return Err(Problem::edited_meanwhile(format!("the script is at version {}", before.version)));
    }
    let script = edit.script.as_deref().unwrap_or(&before.script);
    check(&mut tx, &agent, script).await?;
    saved(own::update(&mut tx, id, agent.member.id, name.unwrap_or(&before.name), script).await?)?;
    let after = own::lock(&mut tx, agent.member.id, id).await?.ok_or_else(|| Problem::no("script"))?;
    tx.commit().await?;
    Ok(tagged(after))
}
