//! The common part of an import's steps: where its objects are, how they are read, and how it ends.
//!
//! `import-cut` → `csv-ingestion` for each part → `import-admit` → `import-apply` for each shard →
//! `import-end`. Each step's effects commit with its job; the job that finishes the last part, or
//! the last shard, enqueues the next step in that same transaction.

use muster_domain::ids::{ImportId, OrganizationId};
use muster_ingest::{header::Header, limits};
use muster_jobs::kinds::ImportEnd;
use muster_storage::{
    Tx,
    engine::{claim::ClaimedJob, enqueue::enqueue},
    imports::{self, End, Import, rejects::RejectBudget},
    tenancy::organizations::Organization,
};

use crate::{Context, error::JobError};

/// Returns the folder of an import's objects in the object store while it runs.
pub(crate) fn folder(organization_id: OrganizationId, id: ImportId) -> String {
    format!("imports/{organization_id}/{id}.work")
}

/// Returns whether a key is in the folder of an import's objects while it runs.
pub(crate) fn is_work(key: &str) -> bool {
    let mut segments = key.split('/');
    segments.next() == Some("imports") && segments.nth(1).is_some_and(|folder| folder.strip_suffix(".work").is_some())
}

/// Returns the object of a part's rows, sorted into shards. Each attempt writes its own, so that
/// one that wakes up late disturbs nobody.
pub(crate) fn rows_key(import: &Import, part: u32, epoch: i64) -> String {
    format!("{}/part-{part}.{epoch}", folder(import.organization_id, import.id))
}

/// Returns the import of a job and its organization.
pub(crate) async fn of(ctx: &Context, job: &ClaimedJob, id: ImportId) -> Result<(Organization, Import), JobError> {
    let mut tx = ctx.pool.begin().await?;
    let organization = ctx.organization(&mut tx, job).await?;
    tx.rollback().await?;
    match imports::get(&ctx.pool, organization.id, id).await? {
        Some(import) => Ok((organization, import)),
        None => Err(JobError::fail("the import does not exist")),
    }
}

/// Returns the import of a job and its organization; nothing when it is over.
pub(crate) async fn running(
    ctx: &Context,
    job: &ClaimedJob,
    id: ImportId,
) -> Result<Option<(Organization, Import)>, JobError> {
    let (organization, import) = of(ctx, job, id).await?;
    Ok(is_running(&import).then_some((organization, import)))
}

/// Returns whether there is more to do for it.
pub(crate) fn is_running(import: &Import) -> bool {
    !import.state.is_over()
}

/// Returns how many rejects of an import may be kept: fewer of a small file, however much it
/// unpacks to (rule C7).
pub(crate) fn rejects_room(ctx: &Context, import: &Import) -> RejectBudget {
    let uploaded = import.size_bytes.unsigned_abs();
    RejectBudget {
        rows: ctx.settings.imports.rejects_kept,
        bytes: limits::rejects_kept(uploaded, ctx.settings.imports.rejects_kept_bytes),
    }
}

/// Returns the header of an import that was cut.
pub(crate) fn header(import: &Import) -> Result<Header, JobError> {
    let header = import.header.clone().ok_or_else(|| JobError::fail("the import was not cut"))?;
    serde_json::from_value(header).map_err(|error| JobError::fail(format!("the header: {error}")))
}

/// Ends an import for a reason of its own, in a transaction that holds nothing else. The objects
/// that it has kept are deleted by a job of its own: an attempt after a crash must find them, and
/// the same reason with it.
pub(crate) async fn refuse(ctx: &Context, job: &ClaimedJob, import: &Import, why: &str) -> Result<Tx, JobError> {
    let mut tx = ctx.pool.begin().await?;
    imports::finish(&mut tx, import.id, End::Failed(why)).await?;
    enqueue(&mut tx, &ImportEnd { import_id: import.id }, &ctx.origin(job)).await?;
    tracing::info!(import.id = %import.id, why, "the import was refused");
    Ok(tx)
}

/// Returns the import ended while a step of it was being done: its effects are not wanted, nor are
/// its objects.
pub(crate) async fn too_late(ctx: &Context, import: &Import, tx: Tx) -> Result<Tx, JobError> {
    tx.rollback().await?;
    ctx.objects.delete_folder(&folder(import.organization_id, import.id)).await?;
    Ok(ctx.pool.begin().await?)
}

/// Runs a step. If it was the last attempt, the import ends with the error, so that nothing waits
/// for a parked job.
pub(crate) async fn step(
    ctx: &Context,
    job: &ClaimedJob,
    id: ImportId,
    work: impl Future<Output = Result<Tx, JobError>>,
) -> Result<Tx, JobError> {
    let done = work.await;
    let why = match &done {
        Err(JobError::Fail(why)) => why,
        Err(JobError::Retry { error, database_lost: false, .. })
            if i64::from(job.attempt) >= i64::from(job.kind.policy().max_attempts) =>
        {
            error
        }
        _ => return done,
    };
    let mut tx = ctx.pool.begin().await?;
    imports::finish(&mut tx, id, End::Failed(&format!("{} could not be done: {why}", job.kind))).await?;
    tx.commit().await?;
    // People's rows do not outlive the import that has nothing more to do with them.
    if let Some(organization_id) = job.organization_id
        && let Err(error) = ctx.objects.delete_folder(&folder(organization_id, id)).await
    {
        tracing::warn!(import.id = %id, %error, "what the import kept while it ran could not be deleted");
    }
    done
}
