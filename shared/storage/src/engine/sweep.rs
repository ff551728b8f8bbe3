//! Recovery of jobs with a dead worker or broker.
//!
//! A sweep is the same for all that do one: the schedule `engine-sweep`, as upkeep like any other,
//! and each scheduler in a loop of its own, because the recovery of jobs must not depend on a job
//! that could be lost as they were. Any number may sweep at once: each takes the jobs that no other
//! has in hand.

use std::time::Duration;

use muster_domain::ids::JobId;

use super::claim;
use crate::{Pool, Result};

/// A job with an expired lease.
#[derive(Debug, Clone)]
pub struct Expired {
    /// The row.
    pub id: JobId,
    /// Its kind's name.
    pub kind: String,
    /// The worker that held it.
    pub worker: Option<String>,
    /// It was the last attempt.
    pub parked: bool,
}

/// Jobs that a sweep has requeued.
#[derive(Debug, Clone, Default)]
pub struct Swept {
    /// Jobs with an expired lease.
    pub expired: Vec<Expired>,
    /// Published jobs without a claim.
    pub republished: u64,
}

/// Requeues jobs with an expired lease, and jobs that were published longer ago than `bound`
/// without a claim; the log names each. While nothing dies, it is one statement.
pub async fn sweep(pool: &Pool, bound: Duration) -> Result<Swept> {
    if !is_needed(pool, bound).await? {
        return Ok(Swept::default());
    }
    let expired = return_expired(pool).await?;
    for job in &expired {
        tracing::warn!(
            job.id = %job.id,
            job.kind = job.kind,
            job.worker = job.worker,
            job.parked = job.parked,
            "a job's lease ran out"
        );
    }
    let republished = republish_unclaimed(pool, bound).await?;
    if republished > 0 {
        tracing::warn!(jobs = republished, "published jobs that nobody claimed are published again");
    }
    Ok(Swept { expired, republished })
}

/// Returns whether there is anything to return.
async fn is_needed(pool: &Pool, bound: Duration) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from job where state = 'running' and lease_until < (select clock_timestamp()))
               or exists (select from job where state = 'published'
                              and published_at < (select clock_timestamp()) - make_interval(secs => $1)) as "needed!""#,
        bound.as_secs_f64(),
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?)
}

/// Requeues jobs with an expired lease, or parks them when that was their last attempt (engine
/// promise J7: poison, a job that kills its worker, is parked as well). They are suspects from then
/// on.
pub async fn return_expired(pool: &Pool) -> Result<Vec<Expired>> {
    let mut tx = pool.begin().await?;
    let rows = sqlx::query!(
        r#"update job
           set state = case when attempt >= max_attempts then 'parked' else 'pending' end,
               finished_at = case when attempt >= max_attempts then clock_timestamp() end,
               run_at = clock_timestamp(), lease_until = null, life = null, published_at = null, suspect = true,
               errors = errors || jsonb_build_object('attempt', attempt, 'at', clock_timestamp(), 'worker', worker,
                   'error', 'the lease ran out: the worker died, hung or lost its database')
           where id in (
               select id from job where state = 'running' and lease_until < (select clock_timestamp())
               order by lease_until limit 500 for update skip locked)
           returning id, kind, worker, unique_key, state = 'parked' as "parked!""#
    )
    .fetch_all(tx.conn())
    .await?;
    let keyed: Vec<_> =
        rows.iter().filter(|row| row.unique_key.is_some() && !row.parked).map(|row| JobId(row.id)).collect();
    claim::reclaim_unique_keys(&mut tx, &keyed).await?;
    tx.commit().await?;
    Ok(rows
        .into_iter()
        .map(|row| Expired { id: JobId(row.id), kind: row.kind, worker: row.worker, parked: row.parked })
        .collect())
}

/// Records dead letters: the broker delivered each again and again, and no worker was there to tell
/// the outcome. That counts as an attempt that ended with its worker. Returns how many were parked.
pub async fn return_given_up(pool: &Pool, ids: &[JobId]) -> Result<u64> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let parked = sqlx::query_scalar!(
        r#"with returned as (
               update job
               set state = case when attempt + 1 >= max_attempts then 'parked' else 'pending' end, attempt = attempt + 1,
                   finished_at = case when attempt + 1 >= max_attempts then clock_timestamp() end,
                   run_at = clock_timestamp(), published_at = null, suspect = true,
                   errors = errors || jsonb_build_object('attempt', attempt + 1, 'at', clock_timestamp(), 'worker', null,
                       'error', 'the broker gave it up after too many deliveries without an acknowledgement')
               where id = any($1) and state = 'published'
               returning id, state
           ), freed as (
               -- Who is parked waits no more: another may be enqueued (engine promise J4).
               delete from job_unique u using returned r where u.job_id = r.id and r.state = 'parked'
           )
           select count(*) filter (where state = 'parked') as "parked!" from returned"#,
        &ids,
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?;
    Ok(parked.unsigned_abs())
}

/// Requeues published jobs without a claim within the bound: the broker lost them, or is behind; a
/// second message is harmless (engine promise J3).
pub async fn republish_unclaimed(pool: &Pool, bound: Duration) -> Result<u64> {
    let done = sqlx::query!(
        "update job set state = 'pending', published_at = null
         where id in (
             select id from job where state = 'published' and published_at < (select clock_timestamp()) - make_interval(secs => $1)
             order by published_at limit 2000 for update skip locked)",
        bound.as_secs_f64(),
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(done.rows_affected())
}
