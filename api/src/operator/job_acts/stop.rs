//! `POST /v1/operator/job-acts/{job_act_id}/stop`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::JobActId;
use muster_storage::engine::acts;

use crate::{
    auth::Operator,
    extract::{Json, Path},
    operator::{
        job_acts::body::{JobActBody, body, one},
        reason::ActReason,
    },
    problem::Problem,
    state::Api,
};

/// Stops an act on many jobs between two steps of a second. It stays done with the jobs so far.
#[utoipa::path(post, path = "/v1/operator/job-acts/{job_act_id}/stop", tag = "operator")]
pub(crate) async fn stop(
    State(api): State<Api>,
    _operator: Operator,
    Path(id): Path<JobActId>,
    Json(reason): Json<ActReason>,
) -> Result<Answer<JobActBody>, Problem> {
    reason.check()?;
    let stopped = acts::stop(&api.pool, id).await?;
    let act = one(&api, id).await?;
    if stopped { Ok(Answer(body(act))) } else { Err(Problem::conflict("the act is over")) }
}
