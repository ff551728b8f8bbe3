//! `GET /v1/operator/backlog`: how much work waited, minute by minute.

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_storage::figures::minutes::{self, Minute};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{auth::Operator, bounds, extract::Query, problem::Problem, state::Api};

/// Minutes of an answer unless told.
const USUAL: i32 = 180;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BacklogQuery {
    /// The last so many minutes, at most a day; 180 unless told.
    #[param(inline, value_type = Option<bounds::BacklogMinutes>)]
    minutes: Option<i32>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct BacklogBody {
    /// Minutes in which a scheduler took figures, the earliest first.
    minutes: Vec<BacklogMinute>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct BacklogMinute {
    /// When it began.
    at: DateTime<Utc>,
    /// Jobs that could run, by kind; a kind without one is left out.
    due: BTreeMap<String, i64>,
    /// Jobs that succeeded within a minute, by kind.
    done: BTreeMap<String, i64>,
}

/// Reads how many jobs waited and were done in each of the last minutes, by kind. A scheduler keeps
/// a day of them.
#[utoipa::path(get, path = "/v1/operator/backlog", tag = "operator")]
pub(crate) async fn get(
    State(api): State<Api>,
    _operator: Operator,
    Query(query): Query<BacklogQuery>,
) -> Result<Answer<BacklogBody>, Problem> {
    let wanted = bounds::BacklogMinutes::read("minutes", query.minutes.unwrap_or(USUAL));
    let wanted = wanted.map_err(Problem::of_a_parameter)?;
    let kept = minutes::latest(&api.pool, wanted).await?;
    let minute = |Minute { at, due, done }| BacklogMinute { at, due, done };
    Ok(Answer(BacklogBody { minutes: kept.into_iter().map(minute).collect() }))
}
