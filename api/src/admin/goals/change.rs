//! Changes of a goal: its locks, its timers, and the answer with the goal as it is then.

use axum::Json as Answer;
use muster_domain::{
    goals::{goal::GoalClock, lifecycle::GoalCommand},
    ids::GoalId,
};
use muster_jobs::{
    kinds::{GoalTransition, ReminderOpen},
    timer::TimerKind,
};
use muster_storage::{
    Tx,
    engine::{
        enqueue::{Origin, enqueue},
        timers,
    },
    goals::{self, Goal, Instants},
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

/// Sets a launched goal's timers to its instants, and checks it at once: due transitions are made
/// now.
pub(crate) async fn set_timers(tx: &mut Tx, origin: &Origin, goal: &Goal, at: Instants) -> Result<(), Problem> {
    let now = tx.clock().await?;
    let reminder = at.reminder.map(|(opens, _)| opens);
    for (kind, fire_at) in [
        (TimerKind::GoalOpens, Some(at.opens_at)),
        (TimerKind::GoalCloses, Some(at.closes_at)),
        (TimerKind::ReminderOpens, reminder),
    ] {
        match fire_at.filter(|at| *at > now) {
            Some(at) => timers::set(tx, kind, goal.id.0, at, goal.organization_id).await?,
            None => timers::cancel(tx, kind, goal.id.0).await?,
        }
    }
    enqueue(tx, &GoalTransition { goal_id: goal.id }, origin).await?;
    if reminder.is_some_and(|at| at <= now) {
        enqueue(tx, &ReminderOpen { goal_id: goal.id }, origin).await?;
    }
    Ok(())
}
