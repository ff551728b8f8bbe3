//! `GET /v1/operator/jobs`.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::{
    engine::job::JobState,
    ids::{GoalId, JobId, OrganizationId},
};
use muster_jobs::JobKind;
use muster_storage::engine::look::{self, Filter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::Operator,
    bounds,
    list::ListQuery,
    operator::jobs::body::{JobBody, body},
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobQuery {
    /// Only this kind.
    #[param(inline, value_type = Option<shapes::JobKind>)]
    kind: Option<JobKind>,
    /// Only jobs in this state.
    #[param(inline, value_type = Option<shapes::JobState>)]
    state: Option<JobState>,
    /// Only jobs of this organization.
    #[param(value_type = Option<uuid::Uuid>)]
    organization_id: Option<OrganizationId>,
    /// Only jobs with a payload that names this goal.
    #[param(value_type = Option<uuid::Uuid>)]
    goal_id: Option<GoalId>,
    /// Only jobs with a last error of this instant or later.
    failed_since: Option<DateTime<Utc>>,
    /// Only jobs with this text in their last error.
    #[param(inline, value_type = Option<bounds::Search>)]
    error: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct JobPage {
    items: Vec<JobBody>,
    /// The cursor of the next page; null once all jobs were looked through.
    #[schema(value_type = Option<uuid::Uuid>)]
    next: Option<JobId>,
    /// Jobs that this page has looked through, 10,000 at most: it may end before it is full.
    looked_at: i64,
}

/// Lists jobs, the newest first. A page looks through 10,000 jobs at most, so that it costs the
/// same with any number of jobs: those of the state where that is `running`, `published` or
/// `parked`, else of all. It may have fewer items than `limit`, or none, and a `next` from which
/// the search goes on.
#[utoipa::path(get, path = "/v1/operator/jobs", tag = "operator")]
pub(crate) async fn list(
    State(api): State<Api>,
    _operator: Operator,
    query: ListQuery<JobQuery>,
) -> Result<Answer<JobPage>, Problem> {
    let page = query.page(JobId);
    let JobQuery { kind, state, organization_id, goal_id, failed_since, error } = query.filter;
    if let Some(error) = &error {
        bounds::Search::read("error", error).map_err(Problem::of_a_parameter)?;
    }
    let filter = Filter { kind, state, organization_id, goal_id, failed_since, error };
    let looked = look::page(&api.pool, &filter, page).await?;
    let items = looked.jobs.into_iter().map(body).collect();
    Ok(Answer(JobPage { items, next: looked.next, looked_at: looked.looked_at }))
}
