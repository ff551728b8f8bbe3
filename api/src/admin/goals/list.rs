//! `GET /v1/organizations/{organization_id}/goals`: goals by age.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::{GoalId, GroupId};
use muster_storage::{goals, tenancy::groups};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    admin::goals::body::{GoalBody, body},
    auth::Admin,
    bounds,
    extract::{Query, page_limit},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct GoalPage {
    items: Vec<GoalBody>,
    /// The cursor of the next page; null on the last.
    #[schema(value_type = Option<Uuid>)]
    next: Option<GoalId>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GoalQuery {
    /// Only goals of this group.
    #[param(value_type = Option<Uuid>)]
    group_id: Option<GroupId>,
    /// The `next` of the page before.
    cursor: Option<Uuid>,
    /// Items at most; 100 unless told.
    #[param(inline, value_type = Option<bounds::PageLimit>)]
    limit: Option<i64>,
}

/// Lists goals by age.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/goals", tag = "goals")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Query(query): Query<GoalQuery>,
) -> Result<Answer<GoalPage>, Problem> {
    let limit = page_limit(query.limit)?;
    let mut tx = api.pool.begin().await?;
    if let Some(group_id) = query.group_id {
        admin.group(group_id)?;
        if !groups::all_exist(&mut tx, admin.organization_id, &[group_id]).await? {
            return Err(Problem::no("group"));
        }
    }
    let now = tx.clock().await?;
    let groups = query.group_id.as_ref().map(std::slice::from_ref).or_else(|| admin.groups());
    let all = goals::page(&mut tx, admin.organization_id, groups, query.cursor.map(GoalId), limit).await?;
    let next = all.last().map(|goal| goal.id).filter(|_| i64::try_from(all.len()) == Ok(limit));
    Ok(Answer(GoalPage { items: all.into_iter().map(|goal| body(goal, now)).collect(), next }))
}
