//! `GET /v1/agent/groups/{group_id}/agents`: agents that a conversation can be handed to
//! (rule W9).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::{GroupId, MemberId};
use muster_storage::conversations::threads;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Agent, extract::Path, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct Colleague {
    #[schema(value_type = uuid::Uuid)]
    id: MemberId,
    first_name: String,
    last_name: String,
}

/// Lists the other agents that text in a group, by name.
#[utoipa::path(get, path = "/v1/agent/groups/{group_id}/agents", tag = "agent")]
pub(crate) async fn list(
    State(api): State<Api>,
    agent: Agent,
    Path(group_id): Path<GroupId>,
) -> Result<Answer<Vec<Colleague>>, Problem> {
    agent.group(group_id)?;
    let found = threads::texting(&api.pool, agent.organization_id, group_id).await?;
    let others = found.into_iter().filter(|one| one.id != agent.member.id);
    let colleague =
        |one: threads::Colleague| Colleague { id: one.id, first_name: one.first_name, last_name: one.last_name };
    Ok(Answer(others.map(colleague).collect()))
}
