//! `POST /v1/operator/jobs/{job_id}/retry`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::JobId;
use muster_storage::engine::operate;

use crate::{
    auth::Operator,
    extract::{Json, Path},
    operator::{
        jobs::body::{JobActed, refused},
        reason::ActReason,
    },
    problem::Problem,
    state::Api,
};

/// Lets a parked or cancelled job run again with all its attempts; its errors stay. With an order
/// key it goes to the end of its line. It is cancelled again where a newer job with its unique key
/// waits.
#[utoipa::path(post, path = "/v1/operator/jobs/{job_id}/retry", tag = "operator")]
pub(crate) async fn retry(
    State(api): State<Api>,
    _operator: Operator,
    Path(id): Path<JobId>,
    Json(reason): Json<ActReason>,
) -> Result<Answer<JobActed>, Problem> {
    reason.check()?;
    match operate::retry(&api.pool, id).await? {
        Some(state) => Ok(Answer(JobActed { id, state })),
        None => Err(refused(&api, id, "the job is not parked or cancelled").await),
    }
}
