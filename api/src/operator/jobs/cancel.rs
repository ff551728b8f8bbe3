//! `POST /v1/operator/jobs/{job_id}/cancel`.

use axum::{Json as Answer, extract::State};
use muster_domain::{engine::job::JobState, ids::JobId};
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

/// Cancels a job that waits or is parked. One that runs, or is over, is left.
#[utoipa::path(post, path = "/v1/operator/jobs/{job_id}/cancel", tag = "operator")]
pub(crate) async fn cancel(
    State(api): State<Api>,
    _operator: Operator,
    Path(id): Path<JobId>,
    Json(reason): Json<ActReason>,
) -> Result<Answer<JobActed>, Problem> {
    reason.check()?;
    if !operate::cancel(&api.pool, id).await? {
        return Err(refused(&api, id, "the job runs or is over").await);
    }
    Ok(Answer(JobActed { id, state: JobState::Cancelled }))
}
