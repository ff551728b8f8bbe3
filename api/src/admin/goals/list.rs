//! `GET /v1/organizations/{organization_id}/goals`: goals by age.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::{GoalId, GroupId};
use muster_storage::{goals, tenancy::groups};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::goals::body::{GoalBody, body},
    auth::Admin,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GoalFilter {
    /// Only goals of this group.
    #[param(value_type = Option<Uuid>)]
    group_id: Option<GroupId>,
}

/// Lists goals by age.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/goals", tag = "goals")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery<GoalFilter>,
) -> Result<Answer<Listed<GoalBody>>, Problem> {
    let page = query.page(GoalId);
    let mut tx = api.pool.begin().await?;
    if let Some(group_id) = query.filter.group_id {
        admin.group(group_id)?;
        if !groups::all_exist(&mut tx, admin.organization_id, &[group_id]).await? {
            return Err(Problem::no("group"));
        }
    }
    let now = tx.clock().await?;
    let groups = query.filter.group_id.as_ref().map(std::slice::from_ref).or_else(|| admin.groups());
    let filter = goals::Filter { groups, ..goals::Filter::default() };
    let found = goals::page(&mut tx, admin.organization_id, &filter, page).await?;
    Ok(Listed::answer(&page, found, |goal| goal.id, |goal| body(goal, now)))
}
