//! `GET /v1/operator/schedules/{schedule_name}`.

use axum::{Json as Answer, extract::State};

use crate::{
    auth::Operator,
    extract::Path,
    operator::schedules::body::{ScheduleBody, body, named},
    problem::Problem,
    state::Api,
};

/// Reads a schedule.
#[utoipa::path(get, path = "/v1/operator/schedules/{schedule_name}", tag = "operator")]
pub(crate) async fn get(
    State(api): State<Api>,
    _operator: Operator,
    Path(name): Path<String>,
) -> Result<Answer<ScheduleBody>, Problem> {
    Ok(Answer(body(named(&api, &name).await?)))
}
