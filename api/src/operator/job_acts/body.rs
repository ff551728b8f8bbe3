//! Acts on many jobs as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::{
    engine::{
        act::{JobActState, JobVerb},
        job::JobState,
    },
    ids::{GoalId, JobActId, OrganizationId},
};
use muster_jobs::JobKind;
use muster_storage::{
    Page,
    engine::{
        acts::{self, Act},
        look::Filter,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{bounds, list::Item, problem::Problem, shapes, state::Api};

/// The jobs of an act; each member narrows them.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobsToActOn {
    /// Only this kind.
    #[schema(value_type = Option<shapes::JobKind>)]
    kind: Option<JobKind>,
    /// Only jobs in this state, of those that the act is for.
    #[schema(value_type = Option<shapes::JobState>)]
    state: Option<JobState>,
    /// Only jobs of this organization.
    #[schema(value_type = Option<uuid::Uuid>)]
    organization_id: Option<OrganizationId>,
    /// Only jobs with a payload that names this goal.
    #[schema(value_type = Option<uuid::Uuid>)]
    goal_id: Option<GoalId>,
    /// Only jobs with a last error of this instant or later.
    failed_since: Option<DateTime<Utc>>,
    /// Only jobs with this text in their last error.
    #[schema(value_type = Option<bounds::Search>)]
    error: Option<String>,
}

impl JobsToActOn {
    /// Reads the filter.
    pub(super) fn read(self) -> Result<Filter, Problem> {
        let Self { kind, state, organization_id, goal_id, failed_since, error } = self;
        if let Some(error) = &error {
            bounds::Search::read("filter.error", error)?;
        }
        Ok(Filter { kind, state, organization_id, goal_id, failed_since, error })
    }

    fn of(filter: Filter) -> Self {
        let Filter { kind, state, organization_id, goal_id, failed_since, error } = filter;
        Self { kind, state, organization_id, goal_id, failed_since, error }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct JobActBody {
    #[schema(value_type = uuid::Uuid)]
    id: JobActId,
    #[schema(value_type = shapes::JobVerb)]
    verb: JobVerb,
    filter: JobsToActOn,
    /// Jobs that matched when it was asked for.
    matching: i64,
    /// Jobs a second.
    rate: i32,
    /// The share of tried jobs beyond which failures end it.
    abort_above: f64,
    /// `running`; at last `succeeded`, `stopped` by an operator, or `aborted` by failures.
    #[schema(value_type = shapes::JobActState)]
    state: JobActState,
    /// Jobs that it was done with.
    acted: i64,
    /// Jobs that have had an attempt since.
    tried: i64,
    /// Jobs of these with an attempt that failed.
    failed: i64,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl Item for JobActBody {
    type Id = JobActId;

    const PAGE: &'static str = "JobActPage";
}

/// Returns an act as it is told.
pub(super) fn body(act: Act) -> JobActBody {
    JobActBody {
        id: act.id,
        verb: act.verb,
        filter: JobsToActOn::of(act.filter),
        matching: act.matching,
        rate: act.rate,
        abort_above: act.abort_above,
        state: act.state,
        acted: act.acted,
        tried: act.tried,
        failed: act.failed,
        created_at: act.created_at,
        finished_at: act.finished_at,
    }
}

/// Returns the act of an id.
pub(super) async fn one(api: &Api, id: JobActId) -> Result<Act, Problem> {
    acts::page(&api.pool, Some(id), Page::first(1)).await?.pop().ok_or_else(|| Problem::no("act on jobs"))
}
