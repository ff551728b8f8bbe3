//! `/operator/jobs`: jobs by filters that stand in the address, and the life of each.

pub(crate) mod filter;
pub(crate) mod life;
pub(crate) mod list;

use serde::Deserialize;

use crate::words::operator::{Said, job_state};

/// A job as lists show it.
#[derive(Debug, Deserialize)]
pub(crate) struct Job {
    /// The job.
    pub(crate) id: String,
    /// Its kind.
    pub(crate) kind: String,
    state: String,
    attempts: i32,
    max_attempts: i32,
    run_at: String,
    created_at: String,
    finished_at: Option<String>,
    organization_id: Option<String>,
    worker: Option<String>,
    last_error: Option<String>,
    failed_at: Option<String>,
}

impl Job {
    fn said(&self) -> Said {
        job_state(&self.state)
    }

    fn can_retry(&self) -> bool {
        matches!(self.state.as_str(), "parked" | "cancelled")
    }

    fn can_cancel(&self) -> bool {
        matches!(self.state.as_str(), "pending" | "published" | "parked")
    }
}
