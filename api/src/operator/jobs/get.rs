//! `GET /v1/operator/jobs/{job_id}`: one job's life.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::ids::JobId;
use muster_storage::engine::look::{self, Life};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Operator,
    extract::Path,
    operator::jobs::body::{JobBody, body},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct JobLife {
    job: JobBody,
    /// The payload as JSON: ids and instants.
    payload: String,
    /// A greater one goes first among its organization's jobs of the kind.
    priority: i16,
    /// At most one job of a key waits to be claimed.
    unique_key: Option<String>,
    /// Jobs of one key run one after another.
    order_key: Option<String>,
    /// An earlier job of its order key is not over.
    blocked: bool,
    /// The first of these, which the job waits for.
    #[schema(value_type = Option<uuid::Uuid>)]
    behind: Option<JobId>,
    /// An attempt ended with its worker, so that it runs alone.
    suspect: bool,
    /// Until when its worker has it.
    lease_until: Option<DateTime<Utc>>,
    /// Work that is done, of kinds that tell it.
    progress_done: Option<i64>,
    progress_total: Option<i64>,
    /// The trace of the request or the job that made it.
    trace_id: Option<String>,
    /// The trace of the first attempt, if that failed; retries are linked to it.
    first_attempt_trace_id: Option<String>,
    /// Its life in order. A job that was published, claimed or handed back more often has the last
    /// instant of each, and the last twenty times that it was handed back.
    timeline: Vec<JobEvent>,
}

/// An event of a job's life.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobEvent {
    at: DateTime<Utc>,
    /// `created`, `due`, `published`, `claimed`, `failed`, `handed_back`, or the state that the job
    /// ended in.
    event: String,
    /// The attempt that failed, from 1.
    attempt: Option<i32>,
    worker: Option<String>,
    /// The error, or the reason of a hand-back.
    detail: Option<String>,
}

/// Reads one job's life: its attempts, their errors and traces, and the instants of all that befell
/// it.
#[utoipa::path(get, path = "/v1/operator/jobs/{job_id}", tag = "operator")]
pub(crate) async fn get(
    State(api): State<Api>,
    _operator: Operator,
    Path(id): Path<JobId>,
) -> Result<Answer<JobLife>, Problem> {
    let life = look::life(&api.pool, id).await?.ok_or_else(|| Problem::no("job"))?;
    Ok(Answer(JobLife {
        timeline: timeline(&life),
        payload: life.payload.to_string(),
        priority: life.priority,
        unique_key: life.unique_key,
        order_key: life.order_key,
        blocked: life.blocked,
        behind: life.behind,
        suspect: life.suspect,
        lease_until: life.lease_until,
        progress_done: life.progress_done,
        progress_total: life.progress_total,
        trace_id: life.traceparent.as_deref().and_then(trace_id),
        first_attempt_trace_id: life.first_attempt.as_deref().and_then(trace_id),
        job: body(life.summary),
    }))
}

/// Returns the trace's id of a W3C trace context.
fn trace_id(traceparent: &str) -> Option<String> {
    traceparent.split('-').nth(1).map(ToOwned::to_owned)
}

fn timeline(life: &Life) -> Vec<JobEvent> {
    let job = &life.summary;
    let event = |at, event: &str| JobEvent { at, event: event.to_owned(), attempt: None, worker: None, detail: None };
    let mut events = vec![event(job.created_at, "created"), event(job.run_at, "due")];
    events.extend(life.published_at.map(|at| event(at, "published")));
    events.extend(job.claimed_at.map(|at| JobEvent { worker: job.worker.clone(), ..event(at, "claimed") }));
    events.extend(life.failures.iter().map(|failure| JobEvent {
        attempt: Some(failure.attempt),
        worker: failure.worker.clone(),
        detail: Some(failure.error.clone()),
        ..event(failure.at, "failed")
    }));
    events.extend(life.hand_backs.iter().map(|back| JobEvent {
        worker: back.worker.clone(),
        detail: Some(back.why.clone()),
        ..event(back.at, "handed_back")
    }));
    events.extend(job.finished_at.map(|at| event(at, job.state.as_str())));
    // Events of one instant stay in the order in which they can happen.
    events.sort_by_key(|event| event.at);
    events
}
