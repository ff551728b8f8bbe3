//! `PUT /v1/organizations/{organization_id}/goals/{goal_id}` (rule G6).

use axum::extract::State;
use chrono::{DateTime, Utc};
use muster_domain::{
    goals::{goal::Window, lifecycle::GoalCommand},
    ids::GoalId,
};
use muster_jobs::kinds::HoldRelease;
use muster_storage::{
    Tx,
    engine::enqueue::enqueue,
    goals::{self, Goal, GoalContent},
    sending::{self, Concerned},
    tenancy::organizations::Organization,
};
use uuid::Uuid;

use crate::{
    admin::goals::{
        body::{GoalBody, tagged},
        change::{lock, lock_to_change},
        input::GoalInput,
    },
    auth::Admin,
    document::Tagged,
    extract::{IfMatch, Json, Path},
    problem::Problem,
    state::Api,
};

/// Replaces a goal's content. After launch, targeting, type, strategy, release plan and whether
/// there is a reminder must stay as they are.
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/goals/{goal_id}", tag = "goals")]
pub(crate) async fn put(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GoalId)>,
    expected: IfMatch,
    Json(input): Json<GoalInput>,
) -> Result<Tagged<GoalBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    let goal = lock_to_change(&mut tx, &admin, id).await?;
    let organization = admin.organization(&mut tx).await?;
    if !expected.allows(goal.version) {
        return Err(Problem::edited_meanwhile(format!("the goal is at version {}", goal.version)));
    }
    let now = tx.clock().await?;
    edit_now(&mut tx, &admin, &organization, &goal, &input, now).await?;
    let goal = lock(&mut tx, &admin, id).await?;
    tx.commit().await?;
    api.until_it_holds(Concerned::Goals(&[id])).await;
    Ok(tagged(goal, now))
}

/// Replaces the content of a goal that is locked to be changed.
pub(crate) async fn edit_now(
    tx: &mut Tx,
    admin: &Admin,
    organization: &Organization,
    goal: &Goal,
    input: &GoalInput,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let content = input.check_edit(tx, admin, organization, goal, now).await?;
    let window = content.window();
    if goal.clock.launched_at.is_some() {
        check_launched(goal, &content)?;
        goals::set_timers(tx, &admin.origin(), goal, &window).await?;
        if window != goal.window() && sending::recheck_goal(tx, goal.id).await? {
            enqueue(tx, &HoldRelease { group_id: goal.group_id }, &admin.origin()).await?;
        }
    }
    let Window { opens_at, closes_at, .. } = window;
    let moved = goal.clock.after(GoalCommand::Move { opens_at, closes_at }, now);
    let moved = moved.map_err(|refusal| Problem::conflict(refusal.to_string()))?;
    goals::update(tx, goal.id, &content, &moved).await?;
    Ok(())
}

/// Checks an edit of a launched goal (rule G6).
fn check_launched(goal: &Goal, content: &GoalContent) -> Result<(), Problem> {
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
    if content.script.trim().is_empty() {
        return Err(Problem::conflict("a launched goal has a script"));
    }
    Ok(())
}
