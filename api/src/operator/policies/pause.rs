//! `POST /v1/operator/policies/pause`.

use axum::extract::State;

use crate::{
    auth::Operator, document::NoContent, extract::Json, operator::policies::input::JobsToHold, problem::Problem,
    state::Api,
};

/// Holds back the jobs of a kind, of an organization, or of both. Jobs in the broker still run.
#[utoipa::path(post, path = "/v1/operator/policies/pause", tag = "operator")]
pub(crate) async fn pause(
    State(api): State<Api>,
    _operator: Operator,
    Json(jobs): Json<JobsToHold>,
) -> Result<NoContent, Problem> {
    jobs.set(&api, true).await
}
