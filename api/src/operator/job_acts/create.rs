//! `POST /v1/operator/job-acts`.

use axum::{Json as Answer, extract::State};
use muster_domain::{engine::act::JobVerb, ids::JobActId};
use muster_jobs::kinds::JobAct;
use muster_service::trace;
use muster_storage::{
    engine::{
        acts::{self, NewAct},
        enqueue::{Origin, enqueue},
    },
    trust::audit,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::Operator, bounds, extract::Json, operator::job_acts::body::JobsToActOn, problem::Problem, shapes, state::Api,
};

/// Jobs a second unless told.
const RATE: i32 = 10;

/// The share of tried jobs beyond which failures end it, unless told.
const ABORT_ABOVE: f64 = 0.2;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewJobAct {
    /// `retry` lets parked jobs run again; `cancel` cancels jobs that wait or are parked.
    #[schema(value_type = shapes::JobVerb)]
    verb: JobVerb,
    filter: JobsToActOn,
    /// Jobs a second; 10 unless told.
    #[schema(value_type = Option<bounds::JobsASecond>)]
    rate: Option<i32>,
    /// It ends when more than this share of the jobs that were tried again has failed, from the
    /// tenth on and at the end; 0.2 unless told. For `retry`.
    #[schema(value_type = Option<bounds::Share>)]
    abort_above: Option<f64>,
    /// Count the jobs, and do nothing.
    #[serde(default)]
    dry_run: bool,
    /// The reason, for later readers; no personal data.
    #[schema(value_type = bounds::Reason)]
    reason: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct JobActAsked {
    /// The act; null for a dry run.
    #[schema(value_type = Option<uuid::Uuid>)]
    id: Option<JobActId>,
    /// Jobs that match now.
    matching: i64,
}

/// Has an act done with all jobs that match a filter, so many a second; with `dry_run` it counts
/// them alone. A job of its own does it; follow it at `…/job-acts/{job_act_id}`. Jobs that come to
/// match later are not in it.
#[utoipa::path(post, path = "/v1/operator/job-acts", tag = "operator")]
pub(crate) async fn create(
    State(api): State<Api>,
    _operator: Operator,
    Json(body): Json<NewJobAct>,
) -> Result<Answer<JobActAsked>, Problem> {
    bounds::Reason::read("reason", &body.reason)?;
    let rate = bounds::JobsASecond::read("rate", body.rate.unwrap_or(RATE))?;
    let abort_above = bounds::Share::read("abort_above", body.abort_above.unwrap_or(ABORT_ABOVE))?;
    let filter = body.filter.read()?;
    let mut tx = api.pool.begin().await?;
    let matching = acts::count(&mut tx, body.verb, &filter).await?;
    if body.dry_run {
        audit::changes_nothing();
        return Ok(Answer(JobActAsked { id: None, matching }));
    }
    let id = JobActId::new();
    acts::create(&mut tx, &NewAct { id, verb: body.verb, filter: &filter, matching, rate, abort_above }).await?;
    let origin = Origin { organization_id: None, traceparent: trace::current() };
    enqueue(&mut tx, &JobAct { job_act_id: id }, &origin).await?;
    tx.commit().await?;
    Ok(Answer(JobActAsked { id: Some(id), matching }))
}
