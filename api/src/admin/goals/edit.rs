//! `PUT /v1/organizations/{organization_id}/goals/{goal_id}` (rule G6).

use axum::extract::State;
use muster_domain::{goals::lifecycle::GoalCommand, ids::GoalId};
use muster_jobs::kinds::HoldRelease;
use muster_storage::{
    engine::enqueue::enqueue,
    goals::{self, Instants},
    sending::{self, Concerned},
};
use uuid::Uuid;

use crate::{
    admin::goals::{
        body::{GoalBody, tagged},
        change::{lock, lock_to_change, set_timers},
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
    }
    let Instants { opens_at, closes_at, .. } = instants;
    let moved = goal.clock.after(GoalCommand::Move { opens_at, closes_at }, now);
    let moved = moved.map_err(|refusal| Problem::conflict(refusal.to_string()))?;
    goals::update(&mut tx, id, &content, instants, &moved).await?;
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
