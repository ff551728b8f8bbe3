//! `GET /v1/operator/schedules/{schedule_name}/preview`: the ticks to come.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, NaiveDateTime, Utc};
use muster_domain::{
    engine::schedule::{CronExpression, Note, Schedule},
    zone::Zone,
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
pub(crate) struct PreviewQuery {
    /// Ticks after this instant; after now unless told.
    after: Option<DateTime<Utc>>,
    /// Items at most; 100 unless told.
    #[param(inline, value_type = Option<bounds::PageLimit>)]
    limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PlannedTick {
    at: DateTime<Utc>,
    /// The wall-clock time that the expression names.
    #[schema(value_type = bounds::LocalTime)]
    local: NaiveDateTime,
    #[schema(value_type = shapes::TickNote)]
    note: Note,
}

/// Lists a schedule's ticks to come, whether it is on or off.
#[utoipa::path(get, path = "/v1/operator/schedules/{schedule_name}/preview", tag = "operator")]
pub(crate) async fn list(
    State(api): State<Api>,
    _operator: Operator,
    Path(name): Path<String>,
    Query(query): Query<PreviewQuery>,
) -> Result<Answer<Vec<PlannedTick>>, Problem> {
    let limit = usize::try_from(page_limit(query.limit)?).unwrap_or_default();
    let found = named(&api, &name).await?;
    let unreadable = |error: &dyn std::fmt::Display| Problem::conflict(format!("the schedule cannot be read: {error}"));
    let schedule = Schedule {
        cron: CronExpression::parse(&found.cron).map_err(|error| unreadable(&error))?,
        zone: Zone::parse(&found.zone).map_err(|error| unreadable(&error))?,
        gap: found.gap,
        overlap: found.overlap,
    };
    let after = match query.after {
        Some(after) => after,
        None => api.pool.now().await?,
    };
    let fires = schedule.fires_after(after).take(limit);
    Ok(Answer(fires.map(|fire| PlannedTick { at: fire.at, local: fire.local, note: fire.note }).collect()))
}
