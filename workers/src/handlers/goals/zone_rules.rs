//! Rule G11: local times of goals are resolved again when the rules of zones have changed.
//!
//! The rules come with the program. A goal keeps the release by which its times were resolved;
//! after an upgrade, this looks at all goals of older releases that are not over.

use muster_domain::{
    goals::release::{WaitsFor, next_tick},
    ids::GoalId,
    zone::Zone,
};
use muster_jobs::{kinds::HoldRelease, timer::TimerKind};
use muster_storage::{
    Tx,
    engine::{
        enqueue::{Origin, enqueue},
        timers,
    },
    goals::{self, Goal, OldRules, Resolved, batches},
    sending,
    tenancy::organizations,
};

use crate::{Context, error::JobError};

/// Goals that are found at a time.
const PAGE: i64 = 500;

/// Resolves the times of every goal that goes by older rules. A goal that can't have its new window
/// keeps the old one, and is in the log.
pub(crate) async fn resolve_all(ctx: &Context) -> Result<(), JobError> {
    let release = Zone::rules_version();
    let (mut moved, mut after) = (0_u64, None::<GoalId>);
    loop {
        let mut tx = ctx.pool.begin().await?;
        let found = goals::with_old_rules(&mut tx, release, after, PAGE).await?;
        tx.rollback().await?;
        let Some(last) = found.last() else { break };
        after = Some(last.goal_id);
        for goal in &found {
            if resolve(ctx, *goal, release).await? {
                moved += 1;
            }
        }
    }
    if moved > 0 {
        tracing::info!(goals = moved, "resolved local times again by new rules of zones");
    }
    Ok(())
}

/// Resolves one goal's times; true when they have moved. Its texts that wait for one of them are
/// looked at again.
async fn resolve(ctx: &Context, found: OldRules, release: &str) -> Result<bool, JobError> {
    let mut tx = ctx.pool.begin().await?;
    organizations::lock_terms(&mut tx, found.organization_id).await?;
    let Some(goal) = goals::lock(&mut tx, found.organization_id, found.goal_id).await? else { return Ok(false) };
    let Ok(zone) = Zone::parse(&goal.content.zone) else {
        tracing::error!(goal.id = %goal.id, "the zone of a goal has left the tz database");
        return Ok(false);
    };
    let origin = Origin { organization_id: Some(found.organization_id), traceparent: None };
    let resolved = goals::resolve_again(&mut tx, &goal, &zone, release).await?;
    let moved = match &resolved {
        Resolved::Same => false,
        Resolved::Refused => {
            tracing::error!(goal.id = %goal.id, "new rules of a zone leave a goal no window; it keeps its old one");
            false
        }
        Resolved::Moved(window) => {
            if goal.clock.launched_at.is_some() {
                goals::set_timers(&mut tx, &origin, &goal, window).await?;
                if sending::recheck_goal(&mut tx, goal.id).await? {
                    enqueue(&mut tx, &HoldRelease { group_id: goal.group_id }, &origin).await?;
                }
            }
            true
        }
    };
    move_release(&mut tx, &goal, &zone).await?;
    tx.commit().await?;
    Ok(moved)
}

/// Moves a release that waits for a tick to the tick by the new rules.
async fn move_release(tx: &mut Tx, goal: &Goal, zone: &Zone) -> Result<(), JobError> {
    let Some(ticks) = goal.content.release_plan.pace.ticks(zone) else { return Ok(()) };
    let waits = batches::waits_for(tx, goal.id).await? == Some(WaitsFor::Pace);
    let now = tx.clock().await?;
    if waits
        && timers::fires_at(tx, TimerKind::BatchRelease, goal.id.0).await?.is_some_and(|at| at > now)
        && let Some(next) = next_tick(&ticks, now)
    {
        batches::wait(tx, goal.id, goal.organization_id, WaitsFor::Pace, next).await?;
    }
    Ok(())
}
