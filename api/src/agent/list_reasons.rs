//! `GET /v1/agent/reasons`: the reasons that may be given for opt-outs and skips (rule W8).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::TagId;
use muster_storage::people::reasons;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Agent, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct ReasonBody {
    /// Its tag, which the contact gets.
    #[schema(value_type = uuid::Uuid)]
    id: TagId,
    name: String,
}

/// Lists the reasons that an agent may name when they skip a contact or opt one out.
#[utoipa::path(get, path = "/v1/agent/reasons", tag = "agent")]
pub(crate) async fn list(State(api): State<Api>, agent: Agent) -> Result<Answer<Vec<ReasonBody>>, Problem> {
    let found = reasons::list(&api.pool, agent.organization_id).await?;
    Ok(Answer(found.into_iter().map(|reason| ReasonBody { id: reason.id, name: reason.name }).collect()))
}
