//! What brings back work whose worker or broker died.

use std::time::Duration;

use muster_domain::ids::JobId;

use crate::{Pool, Result};

/// A job whose lease ran out.
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

/// Returns jobs whose lease ran out to pending, or parks them when that was their last attempt (engine promise J7: a job that kills
/// its worker is parked as well).
pub async fn return_expired(pool: &Pool) -> Result<Vec<Expired>> {
    let rows = sqlx::query!(
        r#"update job
           set state = case when attempt >= max_attempts then 'parked' else 'pending' end,
               finished_at = case when attempt >= max_attempts then clock_timestamp() end,
               run_at = clock_timestamp(), lease_until = null, published_at = null,
               errors = errors || jsonb_build_object('attempt', attempt, 'at', clock_timestamp(), 'worker', worker,
                   'error', 'the lease ran out: the worker died, hung or lost its database')
           where id in (
               select id from job where state = 'running' and lease_until < (select clock_timestamp())
               order by lease_until limit 500 for update skip locked)
           returning id, kind, worker, state = 'parked' as "parked!""#
    )
    .fetch_all(&pool.0)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Expired { id: JobId(row.id), kind: row.kind, worker: row.worker, parked: row.parked })
        .collect())
}

/// Returns published jobs that nobody claimed within the bound to pending: the broker lost them, or is behind; a second message is
/// harmless (engine promise J3).
pub async fn republish_unclaimed(pool: &Pool, bound: Duration) -> Result<u64> {
    let done = sqlx::query!(
        "update job set state = 'pending', published_at = null
         where id in (
             select id from job where state = 'published' and published_at < (select clock_timestamp()) - make_interval(secs => $1)
             order by published_at limit 2000 for update skip locked)",
        bound.as_secs_f64(),
    )
    .execute(&pool.0)
    .await?;
    Ok(done.rows_affected())
}
