//! The worker's side of a job: claim, heartbeat, complete, retry, requeue, park.

use std::time::Duration;

use chrono::{DateTime, Utc};
use muster_domain::{
    engine::job::JobState,
    ids::{JobId, OrganizationId},
};
use muster_jobs::JobKind;
use serde_json::Value;

use super::storable;
use crate::{
    Error, Pool, Result, Tx,
    db::error::{read_word, recognized},
};

/// A job that this worker holds the lease of.
#[derive(Debug, Clone)]
pub struct ClaimedJob {
    /// The row.
    pub id: JobId,
    /// Its kind.
    pub kind: JobKind,
    /// The tenant.
    pub organization_id: Option<OrganizationId>,
    /// The payload, in the kind's shape.
    pub payload: Value,
    /// This attempt, from 1.
    pub attempt: u32,
    /// The fence: every write compares it.
    pub epoch: i64,
    /// Trace context of the enqueuer.
    pub traceparent: Option<String>,
    /// Trace context of the first attempt, where this is a later one.
    pub first_attempt: Option<String>,
    /// When it could first run.
    pub run_at: DateTime<Utc>,
    /// When the relay gave it to the broker; none where the claim came first.
    pub published_at: Option<DateTime<Utc>>,
    /// When it was claimed, by the database's clock.
    pub claimed_at: DateTime<Utc>,
}

/// The holder of a lease.
#[derive(Debug, Clone, Copy)]
pub struct Holder<'a> {
    /// The worker's name.
    pub worker: &'a str,
    /// Its life (`lives`); without, its leases end by themselves alone.
    pub life: Option<i32>,
}

/// Claims the due and free ones of these jobs; the others run, are done, or are not due yet
/// (engine promise J3).
pub async fn claim_all(pool: &Pool, ids: &[JobId], holder: Holder<'_>, lease: Duration) -> Result<Vec<ClaimedJob>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"with free as (
               select id from job
               where id = any($1) and state in ('pending', 'published') and run_at <= clock_timestamp() and not blocked
               order by id for update
           ), claimed as (
               update job j
               set state = 'running', attempt = attempt + 1, epoch = epoch + 1, worker = $2, life = $4,
                   lease_until = clock_timestamp() + make_interval(secs => $3), claimed_at = clock_timestamp()
               from free where j.id = any($1) and j.id = free.id
               returning j.*
           ), freed as (
               delete from job_unique u using claimed c where c.unique_key is not null and u.job_id = c.id
           )
           select id as "id!", kind as "kind!", organization_id, payload as "payload!", attempt as "attempt!", epoch as "epoch!",
                  traceparent, first_attempt, run_at as "run_at!", published_at, claimed_at as "claimed_at!"
           from claimed order by run_at, id"#,
        &ids,
        holder.worker,
        lease.as_secs_f64(),
        holder.life,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter().map(ClaimedJob::try_from).collect()
}

/// Claims one job; `None` when there is nothing to claim.
pub async fn claim(pool: &Pool, id: JobId, worker: &str, lease: Duration) -> Result<Option<ClaimedJob>> {
    Ok(claim_all(pool, &[id], Holder { worker, life: None }, lease).await?.pop())
}

/// Takes the due and free ones of these jobs for the length of this transaction, with the attempt
/// and the epoch that [`complete_taken`] will give them. If the transaction does not commit,
/// nothing was.
pub async fn take(tx: &mut Tx, ids: &[JobId]) -> Result<Vec<ClaimedJob>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select id, kind, organization_id, payload, attempt + 1 as "attempt!", epoch + 1 as "epoch!", traceparent, first_attempt,
                  run_at, published_at, clock_timestamp() as "claimed_at!"
           from job
           where id = any($1) and state in ('pending', 'published') and run_at <= clock_timestamp() and not blocked
             and unique_key is null
           order by id for update"#,
        &ids,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(ClaimedJob::try_from).collect()
}

/// Claims and completes jobs that this transaction has taken, in the transaction that holds their
/// effects (engine promise J2).
pub async fn complete_taken(tx: &mut Tx, jobs: &[&ClaimedJob], worker: &str) -> Result<()> {
    let ids: Vec<_> = jobs.iter().map(|job| job.id.0).collect();
    let taken_at: Vec<_> = jobs.iter().map(|job| job.claimed_at).collect();
    let done = sqlx::query!(
        "update job j
         set state = 'succeeded', attempt = attempt + 1, epoch = epoch + 1, worker = $2, claimed_at = t.at,
             finished_at = clock_timestamp()
         from unnest($1::uuid[], $3::timestamptz[]) as t (id, at) where j.id = any($1) and j.id = t.id and j.state in ('pending', 'published')",
        &ids,
        worker,
        &taken_at,
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == jobs.len() as u64 { Ok(()) } else { Err(Error::StaleLease) }
}

/// Defers published jobs that this worker cannot begin yet: they are published again after the
/// delay.
pub async fn defer(pool: &Pool, ids: &[JobId], delay: Duration) -> Result<()> {
    sqlx::query!(
        "update job set state = 'pending', published_at = null, run_at = clock_timestamp() + make_interval(secs => $2)
         where id = any($1) and state = 'published'",
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
        delay.as_secs_f64(),
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(())
}

/// A row of a claim.
struct Row {
    id: uuid::Uuid,
    kind: String,
    organization_id: Option<uuid::Uuid>,
    payload: Value,
    attempt: i32,
    epoch: i64,
    traceparent: Option<String>,
    first_attempt: Option<String>,
    run_at: DateTime<Utc>,
    published_at: Option<DateTime<Utc>>,
    claimed_at: DateTime<Utc>,
}

impl TryFrom<Row> for ClaimedJob {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: JobId(row.id),
            kind: recognized("job", &row.kind, JobKind::parse(&row.kind))?,
            organization_id: row.organization_id.map(OrganizationId),
            payload: row.payload,
            attempt: row.attempt.unsigned_abs(),
            epoch: row.epoch,
            traceparent: row.traceparent,
            first_attempt: row.first_attempt,
            run_at: row.run_at,
            published_at: row.published_at,
            claimed_at: row.claimed_at,
        })
    }
}

/// Heartbeat: extends leases and returns the jobs with a lease that is held; the others have lost
/// it.
pub async fn heartbeat(pool: &Pool, jobs: &[(JobId, i64)], lease: Duration) -> Result<Vec<JobId>> {
    let held = sqlx::query_scalar!(
        "update job j set lease_until = clock_timestamp() + make_interval(secs => $3)
         from unnest($1::uuid[], $2::bigint[]) as held (id, epoch)
         where j.id = any($1) and j.id = held.id and j.epoch = held.epoch and j.state = 'running' and j.lease_until > clock_timestamp()
         returning j.id",
        &jobs.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        &jobs.iter().map(|(_, epoch)| *epoch).collect::<Vec<_>>(),
        lease.as_secs_f64(),
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(held.into_iter().map(JobId).collect())
}

/// Makes sure that the lease is held and keeps it from being taken until this transaction ends.
pub async fn fence(tx: &mut Tx, job: &ClaimedJob) -> Result<()> {
    fence_all(tx, &[job]).await
}

/// Makes sure that all of these leases are held and keeps them from being taken until this
/// transaction ends.
pub async fn fence_all(tx: &mut Tx, jobs: &[&ClaimedJob]) -> Result<()> {
    let live = sqlx::query_scalar!(
        r#"select j.lease_until > clock_timestamp() as "live!"
           from job j join unnest($1::uuid[], $2::bigint[]) as held (id, epoch) on held.id = j.id and held.epoch = j.epoch
           where j.id = any($1) and j.state = 'running' order by j.id for no key update of j"#,
        &jobs.iter().map(|job| job.id.0).collect::<Vec<_>>(),
        &jobs.iter().map(|job| job.epoch).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    if live.len() == jobs.len() && live.into_iter().all(|live| live) { Ok(()) } else { Err(Error::StaleLease) }
}

/// Completes the job in the transaction that holds its effects (engine promise J2).
pub async fn complete(tx: &mut Tx, job: &ClaimedJob) -> Result<()> {
    complete_all(tx, &[job]).await
}

/// Completes jobs in the transaction that holds the effects of all of them: if one lease is gone,
/// none of it may be kept.
pub async fn complete_all(tx: &mut Tx, jobs: &[&ClaimedJob]) -> Result<()> {
    let done = sqlx::query!(
        "update job j set state = 'succeeded', lease_until = null, finished_at = clock_timestamp()
         from unnest($1::uuid[], $2::bigint[]) as held (id, epoch)
         where j.id = any($1) and j.id = held.id and j.epoch = held.epoch and j.state = 'running' and j.lease_until > clock_timestamp()",
        &jobs.iter().map(|job| job.id.0).collect::<Vec<_>>(),
        &jobs.iter().map(|job| job.epoch).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    make_room(tx, jobs);
    if done.rows_affected() == jobs.len() as u64 { Ok(()) } else { Err(Error::StaleLease) }
}

/// Once this commits, the relay may publish the next jobs of tenants with a share that these jobs
/// have used.
fn make_room(tx: &mut Tx, jobs: &[&ClaimedJob]) {
    if jobs.iter().any(|job| job.kind.policy().share.is_some()) {
        tx.has_enqueued();
    }
}

/// Requeues the job after `delay`, or parks it when this was its last attempt; the error is kept,
/// and the trace context of the first attempt.
pub async fn retry(
    pool: &Pool,
    job: &ClaimedJob,
    delay: Duration,
    error: &str,
    attempt_trace: Option<&str>,
) -> Result<RetryOutcome> {
    let mut tx = pool.begin().await?;
    let row = sqlx::query!(
        "update job
         set state = case when attempt >= max_attempts then 'parked' else 'pending' end,
             finished_at = case when attempt >= max_attempts then clock_timestamp() end,
             run_at = clock_timestamp() + make_interval(secs => $3), lease_until = null, life = null, published_at = null,
             first_attempt = coalesce(first_attempt, $5),
             errors = errors || jsonb_build_object('attempt', attempt, 'at', clock_timestamp(), 'worker', worker, 'error', $4::text)
         where id = $1 and epoch = $2 and state = 'running'
         returning state, unique_key",
        job.id.0,
        job.epoch,
        delay.as_secs_f64(),
        storable(error),
        attempt_trace,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(RetryOutcome::Taken) };
    let mut fate = match read_word("job", &row.state)? {
        JobState::Parked => RetryOutcome::Parked,
        JobState::Pending | JobState::Published | JobState::Running | JobState::Succeeded | JobState::Cancelled => {
            RetryOutcome::Pending
        }
    };
    if fate == RetryOutcome::Pending && row.unique_key.is_some() && reclaim_unique_keys(&mut tx, &[job.id]).await? > 0 {
        fate = RetryOutcome::Superseded;
    }
    make_room(&mut tx, &[job]);
    tx.commit().await?;
    Ok(fate)
}

/// Requeues jobs without counting the attempt: the event that they wait for has not happened yet,
/// or this worker is stopping. The row says so, and `why`; of those that are requeued again and
/// again it keeps the last twenty times (engine promise J11).
pub async fn requeue(pool: &Pool, jobs: &[&ClaimedJob], delay: Duration, why: &str) -> Result<()> {
    let mut tx = pool.begin().await?;
    let keyed = sqlx::query!(
        "update job j set state = 'pending', attempt = attempt - 1, lease_until = null, life = null, published_at = null,
                run_at = clock_timestamp() + make_interval(secs => $3),
                hand_backs = case when jsonb_array_length(hand_backs) < 20 then hand_backs else hand_backs - 0 end || jsonb_build_object(
                    'number', coalesce((hand_backs -> -1 ->> 'number')::bigint, 0) + 1, 'at', clock_timestamp(), 'worker', worker,
                    'epoch', j.epoch, 'why', $4::text)
         from unnest($1::uuid[], $2::bigint[]) as held (id, epoch)
         where j.id = any($1) and j.id = held.id and j.epoch = held.epoch and j.state = 'running'
         returning j.id, j.unique_key",
        &jobs.iter().map(|job| job.id.0).collect::<Vec<_>>(),
        &jobs.iter().map(|job| job.epoch).collect::<Vec<_>>(),
        delay.as_secs_f64(),
        why,
    )
    .fetch_all(tx.conn())
    .await?;
    let keyed: Vec<_> = keyed.iter().filter(|row| row.unique_key.is_some()).map(|row| JobId(row.id)).collect();
    reclaim_unique_keys(&mut tx, &keyed).await?;
    tx.commit().await
}

/// Jobs with a unique key that are pending again hold their key again. Jobs with a key that another
/// waiting job has by now are cancelled, for that one will do the same (engine promise J4). Returns
/// how many were.
pub(super) async fn reclaim_unique_keys(tx: &mut Tx, ids: &[JobId]) -> Result<u64> {
    if ids.is_empty() {
        return Ok(0);
    }
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "insert into job_unique (unique_key, job_id) select unique_key, id from job where id = any($1) order by unique_key
         on conflict (unique_key) do nothing",
        &ids,
    )
    .execute(tx.conn())
    .await?;
    let superseded = sqlx::query!(
        "update job j set state = 'cancelled', finished_at = clock_timestamp(),
             errors = errors || jsonb_build_object('attempt', attempt, 'at', clock_timestamp(), 'worker', worker, 'error',
                 'superseded: a newer job with the same unique key waits')
         where j.id = any($1) and j.state = 'pending'
           and not exists (select from job_unique u where u.unique_key = j.unique_key and u.job_id = j.id)",
        &ids,
    )
    .execute(tx.conn())
    .await?;
    Ok(superseded.rows_affected())
}

/// Parks the job at once: trying again cannot help.
pub async fn park(pool: &Pool, job: &ClaimedJob, error: &str) -> Result<()> {
    let mut tx = pool.begin().await?;
    sqlx::query!(
        "update job set state = 'parked', lease_until = null, finished_at = clock_timestamp(),
                errors = errors || jsonb_build_object('attempt', attempt, 'at', clock_timestamp(), 'worker', worker, 'error', $3::text)
         where id = $1 and epoch = $2 and state = 'running'",
        job.id.0,
        job.epoch,
        storable(error),
    )
    .execute(tx.conn())
    .await?;
    make_room(&mut tx, &[job]);
    tx.commit().await
}

/// Outcome of a failed attempt for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryOutcome {
    /// It will be tried again.
    Pending,
    /// It was the last attempt.
    Parked,
    /// A newer job with its unique key waits and will do the same.
    Superseded,
    /// Another worker has it.
    Taken,
}

/// Records how far a long job has come: `note` names its step, and never a person (rule R5).
pub async fn progress(pool: &Pool, job: &ClaimedJob, done: i64, total: Option<i64>, note: &str) -> Result<()> {
    sqlx::query!(
        "update job set progress_done = $3, progress_total = $4, progress_note = $5 where id = $1 and epoch = $2 and state = 'running'",
        job.id.0,
        job.epoch,
        done,
        total,
        note,
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(())
}
