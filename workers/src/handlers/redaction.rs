//! `redaction`: erases a person in every organization of an account (rules R3, R4 and R6).

use std::time::Duration;

use chrono::TimeDelta;
use muster_jobs::payloads::Redaction;
use muster_storage::{Tx, engine::claim::ClaimedJob, redactions};

use crate::{Context, error::JobError, import};

/// A file of an import that is not under way and that is older than this is nobody's.
const LEFT_BEHIND: TimeDelta = TimeDelta::hours(1);

pub(crate) async fn run(ctx: &Context, _job: &ClaimedJob, payload: Redaction) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    let Some(redaction) = redactions::lock(&mut tx, payload.redaction_id).await? else {
        return Ok(tx);
    };
    if redactions::imports_under_way(&mut tx, redaction.account_id).await? {
        return Err(JobError::NotYet { delay: Duration::from_secs(2), why: "imports of the account are under way" });
    }
    let files = redactions::finished_files(&mut tx, redaction.account_id).await?;
    let organizations = redactions::organizations(&mut tx, redaction.account_id).await?;
    let before = tx.clock().await? - LEFT_BEHIND;
    // The object store may take its time; no transaction waits for it.
    tx.rollback().await?;
    for file in &files {
        ctx.objects.delete(&file.object_key).await?;
        // Whoever died at an import's last step, or woke up after it, may have left rows there.
        ctx.objects.delete_folder(&import::folder(file.organization_id, file.import_id)).await?;
    }
    // A process that died behind an upload, or a caller who went away, has left a file that no import knows.
    for organization_id in organizations {
        ctx.objects.delete_older(&format!("imports/{organization_id}"), before).await?;
    }
    let mut tx = ctx.pool.begin().await?;
    if redactions::lock(&mut tx, payload.redaction_id).await?.is_none() {
        return Ok(tx);
    }
    let (contacts, messages) = redactions::erase(&mut tx, payload.redaction_id, &redaction).await?;
    // One may have begun meanwhile, and may even be over.
    if redactions::imports_under_way(&mut tx, redaction.account_id).await?
        || redactions::finished_files(&mut tx, redaction.account_id).await?.len() != files.len()
    {
        return Err(JobError::NotYet { delay: Duration::from_secs(2), why: "an import of the account has begun" });
    }
    tracing::info!(redaction.id = %payload.redaction_id, contacts, messages, "redacted");
    Ok(tx)
}
