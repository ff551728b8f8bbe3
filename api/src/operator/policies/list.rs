//! `GET /v1/operator/policies`.

use axum::{Json as Answer, extract::State};
use muster_storage::engine::policies;

use crate::{auth::Operator, operator::policies::PolicyBody, problem::Problem, state::Api};

/// Lists the pauses and limits in force, 1,000 at most: those of every organization first, then the
/// latest.
#[utoipa::path(get, path = "/v1/operator/policies", tag = "operator")]
pub(crate) async fn list(State(api): State<Api>, _operator: Operator) -> Result<Answer<Vec<PolicyBody>>, Problem> {
    Ok(Answer(policies::list(&api.pool).await?.into_iter().map(PolicyBody::of).collect()))
}
