//! The timers of a launched goal.

use muster_domain::goals::goal::Window;
use muster_jobs::{
    kinds::{GoalTransition, ReminderOpen},
    timer::TimerKind,
};

use crate::{
    Result, Tx,
    engine::{
        enqueue::{Origin, enqueue},
        timers,
    },
    goals::Goal,
};

/// Sets a launched goal's timers to its instants, and has it checked at once: due transitions are
/// made now.
pub async fn set_timers(tx: &mut Tx, origin: &Origin, goal: &Goal, at: &Window) -> Result<()> {
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
