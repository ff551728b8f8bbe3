//! Goals that an agent may work on, and the scripts of their workflows.

use muster_domain::{
    goals::{batch::BatchKind, goal::Work},
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
    let status = goal.clock.status(now);
    if goal.clock.launched_at.is_none() {
        return Err(Problem::no("goal"));
    }
    let in_window = goal.reminder_window.is_some_and(|(opens, closes)| opens <= now && now < closes);
    let (work, why) = match kind {
        BatchKind::Initial => (Work::Initials, "the goal is not active"),
        BatchKind::Reminder if in_window => (Work::Reminders { window_open: true }, "the goal is not active"),
        BatchKind::Reminder => (Work::Reminders { window_open: false }, "the goal's reminder window is not open"),
    };
    if !status.allows(work) {
        return Err(Problem::conflict(why).with("goal_status", json!(status)));
    }
    Ok(goal)
}

/// Returns the script of a workflow.
pub(crate) fn script(goal: &Goal, kind: BatchKind) -> &str {
    match kind {
        BatchKind::Initial => &goal.content.script,
        BatchKind::Reminder => goal.content.reminder_script.as_deref().unwrap_or_default(),
    }
}
