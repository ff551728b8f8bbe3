//! The worker's side of a job: claim, heartbeat, complete, retry, park.

use std::time::Duration;

use chrono::{DateTime, Utc};
use muster_domain::ids::{JobId, OrganizationId};
use muster_jobs::JobKind;
use serde_json::Value;

use super::storable;
use crate::{Error, Pool, Result, Tx, error::word};

/// A job that this worker holds the lease of.
#[derive(Debug, Clone)]
pub struct ClaimedJob {
    /// The row.
    pub id: JobId,
    /// Its kind.
    pub kind: JobKind,
    /// The tenant.
    pub organization_id: Option<OrganizationId>,
    /// What to do, in the kind's shape.
    pub payload: Value,
    /// This attempt, from 1.
    pub attempt: u32,
    /// The fence: every write compares it.
    pub epoch: i64,
    /// Trace context of whoever enqueued it.
    pub traceparent: Option<String>,
    /// Trace context of the first attempt, where this is a later one.
    pub first_attempt: Option<String>,
    /// When it could first run.
    pub run_at: DateTime<Utc>,
    /// When it was claimed, by the database's clock.
    pub claimed_at: DateTime<Utc>,
}

/// Claims a job that is due and that nobody works on; `None` when there is nothing to claim: it runs, is done, or is not due yet
/// (engine promise J3).
pub async fn claim(pool: &Pool, id: JobId, worker: &str, lease: Duration) -> Result<Option<ClaimedJob>> {
    let row = sqlx::query!(
        r#"with claimed as (
               update job
               set state = 'running', attempt = attempt + 1, epoch = epoch + 1, worker = $2,
                   lease_until = clock_timestamp() + make_interval(secs => $3), claimed_at = clock_timestamp()
               where id = $1 and state in ('pending', 'published') and run_at <= clock_timestamp()
               returning *
           ), freed as (
               delete from job_unique u using claimed c where c.unique_key is not null and u.job_id = c.id
           )
           select kind as "kind!", organization_id, payload as "payload!", attempt as "attempt!", epoch as "epoch!",
                  traceparent, first_attempt, run_at as "run_at!", claimed_at as "claimed_at!"
           from claimed"#,
        id.0,
        worker,
        lease.as_secs_f64(),
    )
    .fetch_optional(&pool.0)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(ClaimedJob {
        id,
        kind: word("job", &row.kind, JobKind::parse(&row.kind))?,
        organization_id: row.organization_id.map(OrganizationId),
        payload: row.payload,
        attempt: row.attempt.unsigned_abs(),
        epoch: row.epoch,
        traceparent: row.traceparent,
        first_attempt: row.first_attempt,
        run_at: row.run_at,
        claimed_at: row.claimed_at,
    }))
}

/// Extends the lease; false when it is lost.
pub async fn heartbeat(pool: &Pool, job: &ClaimedJob, lease: Duration) -> Result<bool> {
    let done = sqlx::query!(
        "update job set lease_until = clock_timestamp() + make_interval(secs => $3)
         where id = $1 and epoch = $2 and state = 'running' and lease_until > clock_timestamp()",
        job.id.0,
        job.epoch,
        lease.as_secs_f64(),
    )
    .execute(&pool.0)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes sure that the lease is held and keeps it from being taken until this transaction ends.
pub async fn fence(tx: &mut Tx, job: &ClaimedJob) -> Result<()> {
    let live = sqlx::query_scalar!(
        r#"select lease_until > clock_timestamp() as "live!" from job
           where id = $1 and epoch = $2 and state = 'running' for no key update"#,
        job.id.0,
        job.epoch,
    )
    .fetch_optional(tx.conn())
    .await?;
    if live == Some(true) { Ok(()) } else { Err(Error::StaleLease) }
}

/// Completes the job in the transaction that holds its effects (engine promise J2).
pub async fn complete(tx: &mut Tx, job: &ClaimedJob) -> Result<()> {
    let done = sqlx::query!(
        "update job set state = 'succeeded', lease_until = null, finished_at = clock_timestamp()
         where id = $1 and epoch = $2 and state = 'running' and lease_until > clock_timestamp()",
        job.id.0,
        job.epoch,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::StaleLease) }
}

/// Puts the job back to be tried after `delay`, or parks it when this was its last attempt; the error is kept, and the trace context of
/// the first attempt.
pub async fn retry(
    pool: &Pool,
    job: &ClaimedJob,
    delay: Duration,
    error: &str,
    attempt_trace: Option<&str>,
) -> Result<Fate> {
    let state = sqlx::query_scalar!(
        "update job
         set state = case when attempt >= max_attempts then 'parked' else 'pending' end,
             finished_at = case when attempt >= max_attempts then clock_timestamp() end,
             run_at = clock_timestamp() + make_interval(secs => $3), lease_until = null, published_at = null,
             first_attempt = coalesce(first_attempt, $5),
             errors = errors || jsonb_build_object('attempt', attempt, 'at', clock_timestamp(), 'worker', worker, 'error', $4::text)
         where id = $1 and epoch = $2 and state = 'running'
         returning state",
        job.id.0,
        job.epoch,
        delay.as_secs_f64(),
        storable(error),
        attempt_trace,
    )
    .fetch_optional(&pool.0)
    .await?;
    Ok(match state.as_deref() {
        Some("parked") => Fate::Parked,
        Some(_) => Fate::Pending,
        None => Fate::Taken,
    })
}

/// Puts the job back without counting the attempt: what it waits for has not happened yet, or this worker is stopping.
pub async fn hand_back(pool: &Pool, job: &ClaimedJob, delay: Duration) -> Result<()> {
    sqlx::query!(
        "update job set state = 'pending', attempt = attempt - 1, lease_until = null, published_at = null,
                run_at = clock_timestamp() + make_interval(secs => $3)
         where id = $1 and epoch = $2 and state = 'running'",
        job.id.0,
        job.epoch,
        delay.as_secs_f64(),
    )
    .execute(&pool.0)
    .await?;
    Ok(())
}

/// Parks the job at once: trying again cannot help.
pub async fn park(pool: &Pool, job: &ClaimedJob, error: &str) -> Result<()> {
    sqlx::query!(
        "update job set state = 'parked', lease_until = null, finished_at = clock_timestamp(),
                errors = errors || jsonb_build_object('attempt', attempt, 'at', clock_timestamp(), 'worker', worker, 'error', $3::text)
         where id = $1 and epoch = $2 and state = 'running'",
        job.id.0,
        job.epoch,
        storable(error),
    )
    .execute(&pool.0)
    .await?;
    Ok(())
}

/// What became of a job after a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It will be tried again.
    Pending,
    /// It was the last attempt.
    Parked,
    /// Another worker has it.
    Taken,
}

/// Records how far a long job has come.
pub async fn progress(pool: &Pool, job: &ClaimedJob, done: i64, total: Option<i64>) -> Result<()> {
    sqlx::query!(
        "update job set progress_done = $3, progress_total = $4 where id = $1 and epoch = $2 and state = 'running'",
        job.id.0,
        job.epoch,
        done,
        total,
    )
    .execute(&pool.0)
    .await?;
    Ok(())
}
