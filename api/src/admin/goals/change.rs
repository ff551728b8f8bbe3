//! Changes of a goal: its locks, and the answer with the goal as it is then.

use axum::Json as Answer;
use muster_domain::{
    goals::{goal::GoalClock, lifecycle::GoalCommand},
    ids::GoalId,
};
use muster_storage::{
    Tx,
    goals::{self, Goal},
    tenancy::organizations,
};

use crate::{
    admin::goals::body::{GoalBody, body},
    auth::Admin,
    problem::Problem,
};

pub(crate) async fn answer(mut tx: Tx, admin: &Admin, id: GoalId) -> Result<Answer<GoalBody>, Problem> {
    let goal = lock(&mut tx, admin, id).await?;
    let now = tx.clock().await?;
    tx.commit().await?;
    Ok(Answer(body(goal, now)))
}

/// Returns the goal's clock after a command, if it obeys.
pub(crate) async fn after(tx: &mut Tx, goal: &Goal, command: GoalCommand) -> Result<GoalClock, Problem> {
    let now = tx.clock().await?;
    goal.clock.after(command, now).map_err(|refusal| Problem::conflict(refusal.to_string()))
}

/// Returns a goal that this admin may see, locked.
pub(crate) async fn lock(tx: &mut Tx, admin: &Admin, id: GoalId) -> Result<Goal, Problem> {
    let goal = goals::lock(tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("goal"))?;
    admin.group(goal.group_id).map_err(|_| Problem::no("goal"))?;
    Ok(goal)
}

/// Returns a goal that this admin may see, locked to change when and whether its texts go.
pub(crate) async fn lock_to_change(tx: &mut Tx, admin: &Admin, id: GoalId) -> Result<Goal, Problem> {
    organizations::lock_terms(tx, admin.organization_id).await?;
    lock(tx, admin, id).await
}
