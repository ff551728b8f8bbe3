//! `GET /v1/organizations/{organization_id}/goals`: goals by age, of one status if asked, with
//! figures (rules G4 and G12).

use axum::{Json as Answer, extract::State};
use muster_domain::{
    goals::goal::GoalStatus,
    ids::{GoalId, GroupId},
};
use muster_storage::{
    goals::{
        self,
        stats::{self, Figures},
    },
    tenancy::groups,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    admin::goals::body::{GoalBody, body},
    auth::Admin,
    list::{ListQuery, Listed},
    problem::Problem,
    shapes,
    state::Api,
};

/// Conditions on goals, which combine with AND; the same for the list and for exports.
#[derive(Serialize, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct GoalFilter {
    /// Only goals of this group.
    #[param(value_type = Option<Uuid>)]
    #[schema(value_type = Option<Uuid>)]
    pub(crate) group_id: Option<GroupId>,
    /// Only goals with this status now.
    #[param(value_type = Option<shapes::GoalStatus>)]
    #[schema(value_type = Option<shapes::GoalStatus>)]
    pub(crate) status: Option<GoalStatus>,
    /// Tells live figures of each goal, of at most 50 a page.
    #[serde(default)]
    pub(crate) figures: bool,
}

/// Goals of a page with figures at most: each counts its targets.
const WITH_FIGURES: i64 = 50;

/// Lists goals by age.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/goals", tag = "goals")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery<GoalFilter>,
) -> Result<Answer<Listed<GoalBody>>, Problem> {
    let mut page = query.page(GoalId);
    if query.filter.figures {
        page.limit = page.limit.min(WITH_FIGURES);
    }
    let mut tx = api.pool.begin().await?;
    if let Some(group_id) = query.filter.group_id {
        admin.group(group_id)?;
        if !groups::all_exist(&mut tx, admin.organization_id, &[group_id]).await? {
            return Err(Problem::no("group"));
        }
    }
    let now = tx.clock().await?;
    let groups = query.filter.group_id.as_ref().map(std::slice::from_ref).or_else(|| admin.groups());
    let status = query.filter.status.map(|status| (status, now));
    let filter = goals::Filter { groups, status, ..goals::Filter::default() };
    let found = goals::page(&mut tx, admin.organization_id, &filter, page).await?;
    let figures = if query.filter.figures {
        let ids: Vec<_> = found.iter().map(|goal| goal.id).collect();
        Some(stats::figures(&mut tx, &ids).await?)
    } else {
        None
    };
    Ok(Listed::answer(
        &page,
        found,
        |goal| goal.id,
        |goal| {
            let id = goal.id;
            let body = body(goal, now);
            match &figures {
                Some(figures) => body.with(figures.get(&id).unwrap_or(&Figures::default())),
                None => body,
            }
        },
    ))
}
