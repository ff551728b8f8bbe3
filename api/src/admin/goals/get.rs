//! `GET /v1/organizations/{organization_id}/goals/{goal_id}`.

use axum::extract::State;
use muster_domain::ids::GoalId;
use muster_storage::goals;
use uuid::Uuid;

use crate::{
    admin::goals::body::{GoalBody, tagged},
    auth::Admin,
    document::Tagged,
    extract::Path,
    problem::Problem,
    state::Api,
};

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
