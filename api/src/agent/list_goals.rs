//! `GET /v1/agent/goals`: the goals of the agent's groups and the workflows that are open in each
//! (rule G5).

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    goals::{availability::Work, goal::GoalStatus},
    ids::{GoalId, GroupId},
};
use muster_storage::{
    Page,
    goals::{self, Filter},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Agent, problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct AgentGoal {
    #[schema(value_type = uuid::Uuid)]
    id: GoalId,
    #[schema(value_type = uuid::Uuid)]
    group_id: GroupId,
    name: String,
    instructions: String,
    #[schema(value_type = shapes::GoalStatus)]
    status: GoalStatus,
    closes_at: DateTime<Utc>,
    /// Batches of initials can be claimed.
    initials: bool,
    /// Batches of reminders can be claimed.
    reminders: bool,
}

/// Goals of a group that are looked at, the oldest first.
const GROUP_GOALS_LIMIT: i64 = 500;

/// Lists goals that are launched and not over for long.
#[utoipa::path(get, path = "/v1/agent/goals", tag = "agent")]
pub(crate) async fn list(State(api): State<Api>, agent: Agent) -> Result<Answer<Vec<AgentGoal>>, Problem> {
    let mut tx = api.pool.begin().await?;
    let now = tx.clock().await?;
    let mut items = Vec::new();
    for group_id in &agent.member.groups {
        let filter = Filter { groups: Some(&[*group_id]), ..Filter::default() };
        for goal in goals::page(&mut tx, agent.organization_id, &filter, Page::first(GROUP_GOALS_LIMIT)).await? {
            let moment = goal.moment(now);
            // A draft is not for agents.
            if !moment.allows(Work::Conversations) {
                continue;
            }
            items.push(AgentGoal {
                id: goal.id,
                group_id: goal.group_id,
                name: goal.content.name,
                instructions: goal.content.instructions,
                status: moment.status,
                closes_at: goal.clock.closes_at,
                initials: moment.allows(Work::Initials),
                reminders: moment.allows(Work::Reminders),
            });
        }
    }
    Ok(Answer(items))
}
