//! Goals that an agent may work on.

use muster_domain::{
    goals::{
        availability::{Unavailable, Work},
        batch::BatchKind,
    },
    ids::GoalId,
};
use muster_storage::{
    Tx,
    goals::{self, Goal},
};
use serde_json::json;

use crate::{auth::Agent, problem::Problem};

/// Returns the goal, if this agent may work on it now (rule G5).
pub(crate) async fn workable(tx: &mut Tx, agent: &Agent, id: GoalId, kind: BatchKind) -> Result<Goal, Problem> {
    let goal = goals::get(tx, agent.organization_id, id).await?.ok_or_else(|| Problem::no("goal"))?;
    agent.group(goal.group_id).map_err(|_| Problem::no("goal"))?;
    let now = tx.clock().await?;
    let moment = goal.moment(now);
    let work = match kind {
        BatchKind::Initial => Work::Initials,
        BatchKind::Reminder => Work::Reminders,
    };
    let why = match moment.availability(work) {
        Ok(()) => return Ok(goal),
        Err(Unavailable::Draft) => return Err(Problem::no("goal")),
        Err(why @ Unavailable::RemindersNotOpen) => why.to_string(),
        Err(Unavailable::Paused | Unavailable::NotOpen | Unavailable::Closed) => "the goal is not active".to_owned(),
    };
    Err(Problem::conflict(why).with("goal_status", json!(moment.status)))
}
