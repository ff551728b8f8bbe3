//! `POST /v1/operator/policies/resume`.

use axum::extract::State;

use crate::{
    auth::Operator, document::NoContent, extract::Json, operator::policies::input::JobsToHold, problem::Problem,
    state::Api,
};

/// Lets the jobs of a kind, of an organization, or of both go on.
#[utoipa::path(post, path = "/v1/operator/policies/resume", tag = "operator")]
pub(crate) async fn resume(
    State(api): State<Api>,
    _operator: Operator,
    Json(jobs): Json<JobsToHold>,
) -> Result<NoContent, Problem> {
    jobs.set(&api, false).await
}
