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
    for file in redactions::finished_files(&mut tx, redaction.account_id).await? {
        ctx.objects.delete(&file.object_key).await?;
        // Whoever died at an import's last step, or woke up after it, may have left rows there.
        ctx.objects.delete_folder(&import::folder(file.organization_id, file.import_id)).await?;
    }
    // A process that died behind an upload, or a caller who went away, has left a file that no import knows.
    let before = tx.clock().await? - LEFT_BEHIND;
    for organization_id in redactions::organizations(&mut tx, redaction.account_id).await? {
        ctx.objects.delete_older(&format!("imports/{organization_id}"), before).await?;
    }
    let (contacts, messages) = redactions::erase(&mut tx, payload.redaction_id, &redaction).await?;
    if redactions::imports_under_way(&mut tx, redaction.account_id).await? {
        return Err(JobError::NotYet { delay: Duration::from_secs(2), why: "an import of the account has begun" });
    }
    tracing::info!(redaction.id = %payload.redaction_id, contacts, messages, "redacted");
    Ok(tx)
}
