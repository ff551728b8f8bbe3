//! `POST /v1/organizations/{organization_id}/goals/{goal_id}/launch` (rules G4 and T3).

use axum::{Json as Answer, extract::State};
use muster_domain::{goals::lifecycle::GoalCommand, ids::GoalId};
use muster_jobs::kinds::BatchPartition;
use muster_storage::{
    Tx,
    engine::enqueue::enqueue,
    goals::{self, Goal},
    tenancy::organizations::Organization,
};
use uuid::Uuid;

use crate::{
    admin::goals::{
        body::GoalBody,
        change::{after, answer, lock},
        input::{check_names, goal_scripts},
        responses,
    },
    auth::Admin,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Launches a draft: its scripts and the names in its targeting are checked as when they were saved
/// (rules M1 to M3 and T1a), its timers are set, and a job freezes its targets and cuts them into
/// batches.
pub(crate) async fn launch_now(
    tx: &mut Tx,
    admin: &Admin,
    organization: &Organization,
    goal: &Goal,
) -> Result<(), Problem> {
    let launched = after(tx, goal, GoalCommand::Launch(goal.window())).await?;
    // Scripts and targeting were right when they were saved; the organization's words, fields or
    // tags have changed since.
    check_names(tx, admin, None, &goal.content.targeting).await.map_err(Problem::into_conflict)?;
    goal_scripts(tx, organization, &goal.content).await.map_err(Problem::into_conflict)?;
    if goal.content.script.trim().is_empty() {
        return Err(Problem::conflict("the goal has no script yet"));
    }
    responses::check(tx, organization.id, &goal.content.responses).await.map_err(Problem::into_conflict)?;
    goals::set_clock(tx, goal, &launched).await?;
    goals::set_timers(tx, &admin.origin(), goal, &goal.window()).await?;
    enqueue(tx, &BatchPartition { goal_id: goal.id }, &admin.origin()).await?;
    Ok(())
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
