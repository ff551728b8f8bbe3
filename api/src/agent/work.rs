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
    tenancy::workplace::{self, Workplace},
};
use serde_json::json;

use crate::{auth::Agent, problem::Problem};

/// A goal, and the group in which an agent works on it.
#[derive(Debug, Clone)]
pub(crate) struct AtWork {
    pub(crate) goal: Goal,
    pub(crate) workplace: Workplace,
}

/// Returns the goal, if this agent may work on it now (rule G5).
pub(crate) async fn workable(tx: &mut Tx, agent: &Agent, id: GoalId, kind: BatchKind) -> Result<AtWork, Problem> {
    let goal = goals::get(tx, agent.organization_id, id).await?.ok_or_else(|| Problem::no("goal"))?;
    agent.group(goal.group_id).map_err(|_| Problem::no("goal"))?;
    let workplace = workplace::get(tx, &agent.member, goal.group_id).await?.ok_or_else(|| Problem::no("group"))?;
    let moment = goal.moment(workplace.now);
    let work = match kind {
        BatchKind::Initial => Work::Initials,
        BatchKind::Reminder => Work::Reminders,
    };
    let why = match moment.availability(work) {
        Ok(()) => return Ok(AtWork { goal, workplace }),
        Err(Unavailable::Draft) => return Err(Problem::no("goal")),
        Err(why @ Unavailable::RemindersNotOpen) => why.to_string(),
        Err(Unavailable::Paused | Unavailable::NotOpen | Unavailable::Closed) => "the goal is not active".to_owned(),
    };
    Err(Problem::conflict(why).with("goal_status", json!(moment.status)))
}
