//! `POST /v1/organizations/{organization_id}/goals/{goal_id}/{launch,pause,resume,close}`
//! (rules G4, G7, G8 and T3).

use axum::{Json as Answer, extract::State};
use muster_domain::{goals::goal::GoalStatus, ids::GoalId};
use muster_jobs::kinds::{BatchPartition, GoalTransition, HoldRelease, RateRelease, ReminderOpen};
use muster_storage::{
    Tx,
    engine::enqueue::enqueue,
    goals::{self, Goal, Instants},
    sending::Concerned,
    tenancy::organizations::Organization,
};
use uuid::Uuid;

use crate::{
    admin::goals::{
        edit::{lock, lock_to_change, set_timers},
        input::check_scripts,
        list::{GoalBody, body},
    },
    auth::Admin,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Launches a draft: its scripts are checked as when they were saved (rules M1 to M3), its timers
/// are set, and a job freezes its targets and cuts them into batches.
pub(crate) async fn launch_now(
    tx: &mut Tx,
    admin: &Admin,
    organization: &Organization,
    goal: &Goal,
) -> Result<(), Problem> {
    let now = tx.clock().await?;
    match goal.clock.status(now) {
        GoalStatus::Draft if goal.clock.closes_at <= now => return Err(Problem::conflict("the goal's window is over")),
        GoalStatus::Draft => {
            // A duplicate of a goal that was closed early may have a reminder window behind its
            // end.
            goal.window().check().map_err(|error| Problem::conflict(error.to_string()))?;
        }
        _ => return Err(Problem::conflict("the goal is launched already")),
    }
    // The scripts were right when they were saved; the organization's words or fields have changed
    // since.
    check_scripts(tx, organization, &goal.content.script, goal.content.reminder_script.as_deref())
        .await
        .map_err(Problem::into_conflict)?;
    goals::launch(tx, goal.id).await?;
    let instants =
        Instants { opens_at: goal.clock.opens_at, closes_at: goal.clock.closes_at, reminder: goal.reminder_window };
    set_timers(tx, &admin.origin(), goal, instants).await?;
    enqueue(tx, &BatchPartition { goal_id: goal.id }, &admin.origin()).await?;
    Ok(())
}

/// Pauses: one row, however many texts are queued; every hand-over reads it.
pub(crate) async fn pause_now(tx: &mut Tx, goal: &Goal) -> Result<(), Problem> {
    if goal.clock.launched_at.is_none() {
        return Err(Problem::conflict("a draft cannot be paused"));
    }
    goals::set_paused(tx, goal.id, true).await?;
    Ok(())
}

/// Resumes: a job queues the texts again that the pause held.
pub(crate) async fn resume_now(tx: &mut Tx, admin: &Admin, goal: &Goal) -> Result<(), Problem> {
    if goal.clock.paused_at.is_none() {
        return Err(Problem::conflict("the goal is not paused"));
    }
    goals::set_paused(tx, goal.id, false).await?;
    let origin = admin.origin();
    enqueue(tx, &HoldRelease { group_id: goal.group_id }, &origin).await?;
    enqueue(tx, &RateRelease { organization_id: admin.organization_id }, &origin).await?;
    enqueue(tx, &GoalTransition { goal_id: goal.id }, &origin).await?;
    if goal.content.reminder_script.is_some() {
        enqueue(tx, &ReminderOpen { goal_id: goal.id }, &origin).await?;
    }
    Ok(())
}

/// Closes: no more of it goes out, and a job cancels queued and held texts.
pub(crate) async fn close_now(tx: &mut Tx, admin: &Admin, goal: &Goal) -> Result<(), Problem> {
    if goal.clock.launched_at.is_none() {
        return Err(Problem::conflict("a draft cannot be closed"));
    }
    goals::close(tx, goal.id).await?;
    enqueue(tx, &GoalTransition { goal_id: goal.id }, &admin.origin()).await?;
    Ok(())
}

async fn answer(mut tx: Tx, admin: &Admin, id: GoalId) -> Result<Answer<GoalBody>, Problem> {
    let goal = lock(&mut tx, admin, id).await?;
    let now = tx.clock().await?;
    tx.commit().await?;
    Ok(Answer(body(goal, now)))
}

/// Launches a draft.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/goals/{goal_id}/launch", tag = "goals")]
pub(crate) async fn launch(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Answer<GoalBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = lock(&mut tx, &admin, id).await?;
    let organization = admin.organization(&mut tx).await?;
    launch_now(&mut tx, &admin, &organization, &goal).await?;
    answer(tx, &admin, id).await
}

/// Pauses a goal, at once also for queued texts.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/goals/{goal_id}/pause", tag = "goals")]
pub(crate) async fn pause(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Answer<GoalBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = lock_to_change(&mut tx, &admin, id).await?;
    pause_now(&mut tx, &goal).await?;
    let answer = answer(tx, &admin, id).await?;
    api.until_it_holds(Concerned::Goals(&[id])).await;
    Ok(answer)
}

/// Resumes a paused goal.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/goals/{goal_id}/resume", tag = "goals")]
pub(crate) async fn resume(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Answer<GoalBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = lock_to_change(&mut tx, &admin, id).await?;
    resume_now(&mut tx, &admin, &goal).await?;
    answer(tx, &admin, id).await
}

/// Closes a goal now.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/goals/{goal_id}/close", tag = "goals")]
pub(crate) async fn close(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
) -> Result<Answer<GoalBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = lock_to_change(&mut tx, &admin, id).await?;
    close_now(&mut tx, &admin, &goal).await?;
    let answer = answer(tx, &admin, id).await?;
    api.until_it_holds(Concerned::Goals(&[id])).await;
    Ok(answer)
}
