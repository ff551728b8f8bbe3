//! `import-undo`: takes an import back that nothing was sent from yet.

use muster_jobs::kinds::ImportUndo;
use muster_storage::{Tx, engine::claim::ClaimedJob, imports::undo};

use crate::{Context, Leased, error::JobError};

impl Leased for ImportUndo {
    async fn run(self, ctx: &Context, _job: &ClaimedJob) -> Result<Tx, JobError> {
        let mut tx = ctx.pool.begin().await?;
        undo::undo(&mut tx, self.import_id).await?;
        tracing::info!(import.id = %self.import_id, "undone");
        Ok(tx)
    }
}
