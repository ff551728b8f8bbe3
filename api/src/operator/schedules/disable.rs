//! `POST /v1/operator/schedules/{schedule_name}/disable`.

use axum::extract::State;

use crate::{
    auth::Operator,
    document::NoContent,
    extract::{Json, Path},
    operator::{reason::ActReason, schedules::enable::switch},
    problem::Problem,
    state::Api,
};

/// Switches a schedule off.
#[utoipa::path(post, path = "/v1/operator/schedules/{schedule_name}/disable", tag = "operator")]
pub(crate) async fn disable(
    State(api): State<Api>,
    _operator: Operator,
    Path(name): Path<String>,
    Json(reason): Json<ActReason>,
) -> Result<NoContent, Problem> {
    reason.check()?;
    switch(&api, &name, false).await
}
