//! `import-undo`: takes an import back that nothing was sent from yet.

use muster_jobs::payloads::ImportUndo;
use muster_storage::{Tx, imports::undo};

use crate::{Context, error::JobError};

pub(crate) async fn run(ctx: &Context, payload: ImportUndo) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    undo::undo(&mut tx, payload.import_id).await?;
    tracing::info!(import.id = %payload.import_id, "undone");
    Ok(tx)
}
