//! One attempt at a time, for tests that decide how far it goes: a worker's steps between the claim
//! of a job and its completion.

use muster_service::{config::WorkerSettings, metrics::Metrics};
use muster_storage::{Tx, engine::claim::ClaimedJob};

use crate::{Context, Slot, error::JobError, metrics::WorkerMetrics, registry};

pub use crate::handlers::people::redacted_objects::erase_objects;

/// A worker without a broker that takes the jobs it is given.
#[derive(Clone)]
pub struct Hand(Context);

impl Hand {
    /// Nothing is connected yet.
    pub fn new(settings: WorkerSettings) -> anyhow::Result<Self> {
        Ok(Self(Context::new(settings, WorkerMetrics::register(&Metrics::default()))?))
    }

    /// Runs a job's handler. Its effects are in the transaction, which the caller completes,
    /// commits or drops.
    pub async fn work(&self, job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut slot = Slot::take(&self.0.slots).await;
        registry::of(job.kind).run(&self.0, job, &mut slot).await
    }

    /// Lets its connections go.
    pub async fn close(self) {
        self.0.pool.close().await;
        self.0.engine_pool.close().await;
    }
}
