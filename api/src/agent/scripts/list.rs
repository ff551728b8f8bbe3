//! `GET /v1/agent/scripts`.

use axum::{Json as Answer, extract::State};
use muster_storage::goals::scripts::own;

use crate::{
    agent::scripts::body::{OwnScriptBody, body},
    auth::Agent,
    problem::Problem,
    state::Api,
};

/// Lists the agent's own scripts by age, at most 100. Other members do not see them.
#[utoipa::path(get, path = "/v1/agent/scripts", tag = "agent")]
pub(crate) async fn list(State(api): State<Api>, agent: Agent) -> Result<Answer<Vec<OwnScriptBody>>, Problem> {
    Ok(Answer(own::list(&api.pool, agent.member.id).await?.into_iter().map(body).collect()))
}
