//! `GET /v1/agent/tags`: tags that agents may set (rule W9).

use axum::{Json as Answer, extract::State};
use muster_storage::conversations::agent_tags;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Agent, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct AgentTag {
    id: Uuid,
    name: String,
}

/// Lists the tags that the agent may set, by name, at most 500: those of their groups' contacts,
/// and the organization's reasons, without those that an admin has locked.
#[utoipa::path(get, path = "/v1/agent/tags", tag = "agent")]
pub(crate) async fn list(State(api): State<Api>, agent: Agent) -> Result<Answer<Vec<AgentTag>>, Problem> {
    let found = agent_tags::list(&api.pool, agent.organization_id, &agent.member.groups).await?;
    Ok(Answer(found.into_iter().map(|tag| AgentTag { id: tag.id, name: tag.name }).collect()))
}
