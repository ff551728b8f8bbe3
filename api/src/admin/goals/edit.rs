//! `/v1/organizations/{organization_id}/goals/{goal_id}`: read and edit (rule G6).

use axum::extract::State;
use chrono::{DateTime, Utc};
use muster_domain::{goals::goal::GoalStatus, ids::GoalId};
use muster_jobs::{
    kinds::{GoalTransition, HoldRelease, ReminderOpen},
    timer::TimerKind,
};
use muster_storage::{
    Tx,
    engine::{
        enqueue::{Origin, enqueue},
        timers,
    },
    goals::{self, Goal, Instants},
    sending::{self, Concerned},
    tenancy::organizations,
};
use uuid::Uuid;

use crate::{
    admin::goals::{
        input::GoalInput,
        list::{GoalBody, body},
    },
    auth::Admin,
    document::Tagged,
    extract::{IfMatch, Json, Path},
    problem::Problem,
    state::Api,
};

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

fn tagged(goal: Goal, now: DateTime<Utc>) -> Tagged<GoalBody> {
    Tagged { version: goal.version, body: body(goal, now) }
}

/// Reads a goal. The answer's `ETag` goes into `If-Match` of an edit.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/goals/{goal_id}", tag = "goals")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Tagged<GoalBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = goals::get(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("goal"))?;
    admin.group(goal.group_id).map_err(|_| Problem::no("goal"))?;
    let now = tx.clock().await?;
    Ok(tagged(goal, now))
}

/// Replaces a goal's content. After launch, targeting, type, strategy, release plan and whether
/// there is a reminder must stay as they are.
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/goals/{goal_id}", tag = "goals")]
pub(crate) async fn put(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
    IfMatch(expected): IfMatch,
    Json(input): Json<GoalInput>,
) -> Result<Tagged<GoalBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = lock_to_change(&mut tx, &admin, id).await?;
    let organization = admin.organization(&mut tx).await?;
    if expected.is_some_and(|expected| !matches_version(&expected, goal.version)) {
        return Err(Problem::edited_meanwhile(format!("the goal is at version {}", goal.version)));
    }
    let now = tx.clock().await?;
    let (content, instants) = input.check_edit(&mut tx, &admin, &organization, &goal, now).await?;
    if goal.clock.launched_at.is_some() {
        if content.goal_type != goal.content.goal_type
            || content.strategy != goal.content.strategy
            || content.release_plan != goal.content.release_plan
        {
            return Err(Problem::conflict("goal_type, strategy and release_plan cannot change after launch"));
        }
        if content.targeting != goal.content.targeting {
            return Err(Problem::conflict("targeting cannot change after launch"));
        }
        if content.reminder_script.is_some() != goal.content.reminder_script.is_some() {
            return Err(Problem::conflict("reminders cannot be turned on or off after launch"));
        }
        set_timers(&mut tx, &admin.origin(), &goal, instants).await?;
        if content.window(instants) != goal.window() && sending::recheck_goal(&mut tx, id).await? {
            enqueue(&mut tx, &HoldRelease { group_id: goal.group_id }, &admin.origin()).await?;
        }
        if goal.clock.status(now) == GoalStatus::Completed && goal.clock.paused_at.is_some() && instants.closes_at > now
        {
            // A completed goal is active again when its end moves into the future, also if it was
            // paused when it ended (rule G6).
            goals::set_paused(&mut tx, id, false).await?;
        }
    }
    goals::update(&mut tx, id, &content, instants).await?;
    let goal = lock(&mut tx, &admin, id).await?;
    tx.commit().await?;
    api.until_it_holds(Concerned::Goals(&[id])).await;
    Ok(tagged(goal, now))
}

/// `If-Match`: any version, or one of a list.
fn matches_version(expected: &str, version: i32) -> bool {
    let own = format!("\"{version}\"");
    expected.split(',').map(str::trim).any(|tag| tag == "*" || tag == own)
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
