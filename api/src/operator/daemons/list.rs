//! `GET /v1/operator/daemons`.

use std::collections::BTreeMap;

use axum::{Json as Answer, extract::State};
use chrono::{DateTime, Utc};
use muster_domain::engine::process::ProcessRole;
use muster_storage::engine::processes::{self, Process, SILENT_SECONDS};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Operator, problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct DaemonBody {
    name: String,
    #[schema(value_type = shapes::ProcessRole)]
    role: ProcessRole,
    started_at: DateTime<Utc>,
    /// Seconds since its last heartbeat; it sends one every two.
    seen_seconds_ago: f64,
    /// Its last heartbeat is younger than 15 seconds.
    alive: bool,
    /// The kinds of jobs that a worker takes; null for every kind, and for other daemons.
    kinds: Option<Vec<String>>,
    /// Since when the worker takes no more jobs, because an operator has asked for it.
    draining_since: Option<DateTime<Utc>>,
    /// Its running jobs by kind.
    running: BTreeMap<String, i64>,
    /// Stopping it interrupts no job. A worker that does not drain may have taken another one by
    /// the time of the stop.
    safe_to_stop: bool,
}

/// Lists the daemons that had a heartbeat within the last day, with the jobs that each runs, and
/// says which are safe to stop. Apis and schedulers always are: others go on with their work.
#[utoipa::path(get, path = "/v1/operator/daemons", tag = "operator")]
pub(crate) async fn list(State(api): State<Api>, _operator: Operator) -> Result<Answer<Vec<DaemonBody>>, Problem> {
    Ok(Answer(processes::list(&api.pool).await?.into_iter().map(body).collect()))
}

fn body(process: Process) -> DaemonBody {
    let running = process.running.as_object().into_iter().flatten();
    let running: BTreeMap<_, _> =
        running.map(|(kind, jobs)| (kind.clone(), jobs.as_i64().unwrap_or_default())).collect();
    DaemonBody {
        safe_to_stop: running.is_empty(),
        alive: process.seen_seconds_ago < SILENT_SECONDS,
        name: process.name,
        role: process.role,
        started_at: process.started_at,
        seen_seconds_ago: process.seen_seconds_ago,
        kinds: process.kinds,
        draining_since: process.draining_since,
        running,
    }
}
