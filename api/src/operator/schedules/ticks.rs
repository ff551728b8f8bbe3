//! `GET /v1/operator/schedules/{schedule_name}/ticks`.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::engine::schedule::{SkipReason, TickFate};
use muster_storage::{
    Page,
    engine::schedule_ops::{self, Tick},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::Operator,
    bounds,
    extract::{Path, Query},
    list::page_limit,
    operator::schedules::body::named,
    problem::Problem,
    shapes,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TickQuery {
    /// Only ticks that were planned before this instant: the `planned_at` of a page's last.
    before: Option<DateTime<Utc>>,
    /// Items at most; 100 unless told.
    #[param(inline, value_type = Option<bounds::PageLimit>)]
    limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TickBody {
    planned_at: DateTime<Utc>,
    /// The last planned instant, where several ticks share the row.
    planned_until: DateTime<Utc>,
    /// How many do.
    ticks: i64,
    #[schema(value_type = shapes::TickFate)]
    fate: TickFate,
    /// Why it was skipped.
    #[schema(value_type = Option<shapes::SkipReason>)]
    why: Option<SkipReason>,
    late_ms: Option<i64>,
    /// The job that it made.
    job_id: Option<uuid::Uuid>,
}

/// Lists a schedule's ticks that were decided about, the newest first.
#[utoipa::path(get, path = "/v1/operator/schedules/{schedule_name}/ticks", tag = "operator")]
pub(crate) async fn list(
    State(api): State<Api>,
    _operator: Operator,
    Path(name): Path<String>,
    Query(query): Query<TickQuery>,
) -> Result<Answer<Vec<TickBody>>, Problem> {
    let page = Page { after: query.before, limit: page_limit(query.limit)? };
    let name = named(&api, &name).await?.name;
    Ok(Answer(schedule_ops::ticks(&api.pool, &name, page).await?.iter().map(body).collect()))
}

fn body(tick: &Tick) -> TickBody {
    let &Tick { planned_at, planned_until, ticks, fate, why, late_ms, job_id } = tick;
    TickBody { planned_at, planned_until, ticks, fate, why, late_ms, job_id }
}
