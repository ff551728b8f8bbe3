//! `probe`: does nothing, all the way through.

use muster_jobs::kinds::Probe;
use muster_storage::{Tx, engine::claim::ClaimedJob};

use crate::{Context, InTransaction, error::JobError};

impl InTransaction for Probe {
    async fn run(self, _ctx: &Context, _tx: &mut Tx, _job: &ClaimedJob) -> Result<(), JobError> {
        Ok(())
    }
}
