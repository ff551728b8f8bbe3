//! `GET /v1/operator/job-acts`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::JobActId;
use muster_storage::engine::acts;

use crate::{
    auth::Operator,
    list::{ListQuery, Listed},
    operator::job_acts::body::{JobActBody, body},
    problem::Problem,
    state::Api,
};

/// Lists acts on many jobs, the newest first.
#[utoipa::path(get, path = "/v1/operator/job-acts", tag = "operator")]
pub(crate) async fn list(
    State(api): State<Api>,
    _operator: Operator,
    query: ListQuery,
) -> Result<Answer<Listed<JobActBody>>, Problem> {
    let page = query.page(JobActId);
    let found = acts::page(&api.pool, None, page).await?;
    Ok(Listed::answer(&page, found, |act| act.id, body))
}
