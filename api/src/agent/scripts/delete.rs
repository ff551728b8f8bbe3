//! `DELETE /v1/agent/scripts/{script_id}`.

use axum::extract::State;
use muster_domain::ids::ScriptId;
use muster_storage::goals::scripts::own;

use crate::{auth::Agent, document::NoContent, extract::Path, problem::Problem, state::Api};

/// Deletes one of the agent's own scripts.
#[utoipa::path(delete, path = "/v1/agent/scripts/{script_id}", tag = "agent")]
pub(crate) async fn delete(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<ScriptId>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    if !own::delete(&mut tx, id, agent.member.id).await? {
        return Err(Problem::no("script"));
    }
    tx.commit().await?;
    Ok(NoContent)
}
