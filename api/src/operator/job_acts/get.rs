//! `GET /v1/operator/job-acts/{job_act_id}`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::JobActId;

use crate::{
    auth::Operator,
    extract::Path,
    operator::job_acts::body::{JobActBody, body, one},
    problem::Problem,
    state::Api,
};

/// Reads an act on many jobs with its progress.
#[utoipa::path(get, path = "/v1/operator/job-acts/{job_act_id}", tag = "operator")]
pub(crate) async fn get(
    State(api): State<Api>,
    _operator: Operator,
    Path(id): Path<JobActId>,
) -> Result<Answer<JobActBody>, Problem> {
    Ok(Answer(body(one(&api, id).await?)))
}
