//! `GET /v1/agent/goals/{goal_id}/scripts`: the scripts of a goal that its status allows (rule G5).

use axum::{Json as Answer, extract::State};
use muster_domain::{
    goals::{availability::Work, goal::GoalStatus},
    ids::{GoalId, ScriptId},
};
use muster_storage::goals::{
    self,
    scripts::{library, own},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    admin::goals::responses::{ResponseBody, told},
    auth::Agent,
    extract::Path,
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct AgentGoalScripts {
    #[schema(value_type = shapes::GoalStatus)]
    goal_status: GoalStatus,
    /// The status allows the goal's scripts and the library's; without, there are none here.
    scripts: bool,
    /// The status allows the agent's own.
    own_scripts: bool,
    initial: Option<String>,
    reminder: Option<String>,
    /// Response scripts of the goal, in their order.
    responses: Vec<ResponseBody>,
    /// Response scripts of the organization's library, by age.
    library: Vec<NamedScript>,
    /// The agent's own, by age.
    own: Vec<NamedScript>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NamedScript {
    #[schema(value_type = uuid::Uuid)]
    id: ScriptId,
    name: String,
    script: String,
}

/// Reads the scripts that the agent may use in a goal now: its own and the library's while it is
/// scheduled or active, the agent's at any status.
#[utoipa::path(get, path = "/v1/agent/goals/{goal_id}/scripts", tag = "agent")]
pub(crate) async fn get(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<GoalId>,
) -> Result<Answer<AgentGoalScripts>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = goals::get(&mut tx, agent.organization_id, id).await?.ok_or_else(|| Problem::no("goal"))?;
    agent.group(goal.group_id).map_err(|_| Problem::no("goal"))?;
    let now = tx.clock().await?;
    let moment = goal.moment(now);
    // A draft is not for agents.
    moment.availability(Work::Conversations).map_err(|_| Problem::no("goal"))?;
    let (scripts, own_scripts) = (moment.allows(Work::Scripts), moment.allows(Work::OwnScripts));
    let library = if scripts { library::responses(&mut tx, agent.organization_id).await? } else { Vec::new() };
    let own = if own_scripts { own::list(&mut tx, agent.member.id).await? } else { Vec::new() };
    let (initial, reminder, responses) = if scripts {
        (Some(goal.content.script), goal.content.reminder_script, told(goal.content.responses))
    } else {
        (None, None, Vec::new())
    };
    Ok(Answer(AgentGoalScripts {
        goal_status: moment.status,
        scripts,
        own_scripts,
        initial,
        reminder,
        responses,
        library: library
            .into_iter()
            .map(|stored| NamedScript { id: stored.id, name: stored.name, script: stored.script })
            .collect(),
        own: own
            .into_iter()
            .map(|stored| NamedScript { id: stored.id, name: stored.name, script: stored.script })
            .collect(),
    }))
}
