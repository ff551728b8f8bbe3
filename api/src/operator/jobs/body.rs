//! Jobs as answers tell them.

use chrono::{DateTime, Utc};
use muster_domain::{
    engine::job::JobState,
    ids::{JobId, OrganizationId},
};
use muster_storage::engine::look::{self, Summary};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{problem::Problem, shapes, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct JobBody {
    #[schema(value_type = uuid::Uuid)]
    id: JobId,
    kind: String,
    #[schema(value_type = shapes::JobState)]
    state: JobState,
    /// Attempts that count.
    attempts: i32,
    max_attempts: i32,
    /// When it could first run.
    run_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    /// When its worker took it, the last time.
    claimed_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    /// Null for the installation's own upkeep.
    #[schema(value_type = Option<uuid::Uuid>)]
    organization_id: Option<OrganizationId>,
    /// Its present or last worker.
    worker: Option<String>,
    last_error: Option<String>,
    /// When that was.
    failed_at: Option<DateTime<Utc>>,
}

/// Returns a job as lists tell it.
pub(crate) fn body(job: Summary) -> JobBody {
    JobBody {
        id: job.id,
        kind: job.kind,
        state: job.state,
        attempts: job.attempts,
        max_attempts: job.max_attempts,
        run_at: job.run_at,
        created_at: job.created_at,
        claimed_at: job.claimed_at,
        finished_at: job.finished_at,
        organization_id: job.organization_id,
        worker: job.worker,
        last_error: job.last_error,
        failed_at: job.failed_at,
    }
}

/// The state of a job after an act.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobActed {
    #[schema(value_type = uuid::Uuid)]
    pub(crate) id: JobId,
    #[schema(value_type = shapes::JobState)]
    pub(crate) state: JobState,
}

/// Returns the problem of an act that a job's state does not allow, or of a job that is not there.
pub(super) async fn refused(api: &Api, id: JobId, why: &str) -> Problem {
    match look::life(&api.pool, id).await {
        Ok(Some(_)) => Problem::conflict(why),
        Ok(None) => Problem::no("job"),
        Err(error) => error.into(),
    }
}
