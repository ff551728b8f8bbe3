//! `GET /v1/operator/schedules`.

use axum::{Json as Answer, extract::State};
use muster_storage::{
    Page,
    engine::schedule_ops::{self, ScheduleFilter},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::Operator,
    bounds,
    extract::Query,
    list::page_limit,
    operator::schedules::body::{ScheduleBody, body},
    problem::Problem,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScheduleQuery {
    /// Removed schedules too, of which the ticks are left.
    removed: Option<bool>,
    /// The `next` of the page before.
    #[param(inline, value_type = Option<bounds::Name>)]
    cursor: Option<String>,
    /// Items at most; 100 unless told.
    #[param(inline, value_type = Option<bounds::PageLimit>)]
    limit: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SchedulePage {
    items: Vec<ScheduleBody>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

/// Lists recurring schedules by name: those of the installation's upkeep, and those of import
/// sources.
#[utoipa::path(get, path = "/v1/operator/schedules", tag = "operator")]
pub(crate) async fn list(
    State(api): State<Api>,
    _operator: Operator,
    Query(query): Query<ScheduleQuery>,
) -> Result<Answer<SchedulePage>, Problem> {
    let after = query.cursor.as_deref().map(|cursor| bounds::Name::read("cursor", cursor)).transpose();
    let page = Page { after: after.map_err(Problem::of_a_parameter)?, limit: page_limit(query.limit)? };
    let filter = ScheduleFilter { with_removed: query.removed.unwrap_or_default(), name: None };
    let found = schedule_ops::list(&api.pool, filter, page).await?;
    let is_full = i64::try_from(found.len()) == Ok(page.limit);
    let next = found.last().filter(|_| is_full).map(|last| last.name.clone());
    Ok(Answer(SchedulePage { items: found.into_iter().map(body).collect(), next }))
}
