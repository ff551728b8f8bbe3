//! `GET /v1/operator/queues`: kinds of jobs, their jobs that are not over, and their policy.

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_jobs::JobKind;
use muster_storage::{
    engine::{policies, processes},
    figures::{self, Taken},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Operator, operator::policies::PolicyBody, problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct QueuesBody {
    /// When the figures were taken; null before the first were.
    taken_at: Option<DateTime<Utc>>,
    /// Every kind of job.
    kinds: Vec<QueueBody>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct QueueBody {
    #[schema(value_type = shapes::JobKind)]
    kind: JobKind,
    /// Jobs that wait, due or not, behind no other.
    pending: f64,
    /// Jobs that wait for an earlier one of their order key.
    blocked: f64,
    /// Jobs that could run now and wait for the broker.
    due: f64,
    /// Jobs in the broker.
    published: f64,
    /// Jobs in a worker's hands.
    running: f64,
    /// Jobs that wait for an operator.
    parked: f64,
    /// Seconds for which the oldest due job could have run.
    oldest_due_seconds: Option<f64>,
    /// Jobs that succeeded within the last minute.
    done_per_minute: Option<f64>,
    /// Seconds until the due jobs are done at that speed; null without one.
    seconds_to_drain: Option<f64>,
    /// Live workers that take jobs of the kind and do not drain.
    workers: i64,
    /// Attempts before a job is parked.
    max_attempts: i32,
    /// The longest that one attempt takes, unless a worker's configuration says another time.
    time_limit_seconds: u64,
    /// Jobs that are published and unclaimed at a time.
    window: i64,
    /// Jobs of one organization that are published or running at a time, for each worker; null
    /// where they are not bounded.
    share: Option<u16>,
    /// The pause or limit of the kind for every organization.
    policy: Option<PolicyBody>,
}

/// Reads every kind of job with its jobs that are not over, by the figures of the last ten seconds,
/// and its policy as of now.
#[utoipa::path(get, path = "/v1/operator/queues", tag = "operator")]
pub(crate) async fn get(State(api): State<Api>, _operator: Operator) -> Result<Answer<QueuesBody>, Problem> {
    let taken = figures::latest(&api.pool).await?;
    let workers = processes::workers_by_kind(&api.pool).await?;
    let mut policies = policies::list(&api.pool).await?;
    policies.retain(|policy| policy.organization_id.is_none());
    let queue = |kind: JobKind| {
        let workers = workers.iter().find(|(name, _)| name == kind.as_str()).map_or(0, |(_, workers)| *workers);
        let policy = policies.iter().find(|policy| policy.kind.as_deref() == Some(kind.as_str())).cloned();
        queue(kind, &taken, workers, policy.map(PolicyBody::of))
    };
    Ok(Answer(QueuesBody { taken_at: taken.at, kinds: JobKind::ALL.into_iter().map(queue).collect() }))
}

fn queue(kind: JobKind, taken: &Taken, workers: i64, policy: Option<PolicyBody>) -> QueueBody {
    let jobs = |state| taken.value(figures::JOBS, &[("kind", kind.as_str()), ("state", state)]).unwrap_or_default();
    let of_kind = |gauge| taken.value(gauge, &[("kind", kind.as_str())]);
    let own = kind.policy();
    QueueBody {
        kind,
        pending: jobs("pending"),
        blocked: jobs("blocked"),
        due: of_kind(figures::DUE).unwrap_or_default(),
        published: jobs("published"),
        running: jobs("running"),
        parked: jobs("parked"),
        oldest_due_seconds: of_kind(figures::OLDEST_DUE),
        done_per_minute: of_kind(figures::DONE),
        seconds_to_drain: of_kind(figures::DRAIN),
        workers,
        max_attempts: own.max_attempts,
        time_limit_seconds: own.time_limit.as_secs(),
        window: own.window,
        share: own.share,
        policy,
    }
}
