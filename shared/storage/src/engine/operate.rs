//! Operators' verbs on jobs: retry, cancel, replay. Looks are in `look`, pauses and limits in
//! `policies`.

use chrono::{DateTime, Utc};
use muster_domain::{engine::job::JobState, ids::JobId};
use muster_jobs::JobKind;
use uuid::Uuid;

use super::look::Filter;
use crate::{Pool, Result, Tx, db::error::read_word};

/// Returns how many parked jobs a filter means.
pub async fn count_parked(pool: &Pool, filter: &Filter) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "jobs!" from job
           where state = 'parked' and ($1::text is null or kind = $1) and ($2::uuid is null or organization_id = $2)
             and ($3::text is null or strpos(errors -> -1 ->> 'error', $3) > 0)
             and ($4::text is null or payload ->> 'goal_id' = $4)
             and ($5::timestamptz is null or (errors -> -1 ->> 'at')::timestamptz >= $5)"#,
        filter.kind.map(JobKind::as_str),
        filter.organization_id.map(|id| id.0),
        filter.error,
        filter.goal_id.map(|id| id.to_string()),
        filter.failed_since,
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?)
}

/// Lets jobs that a filter means and that were parked by `before`, those in a line in its order,
/// then the oldest, at most `limit`, run again with all their attempts; returns which. Their errors
/// stay. One that is parked again since then is not taken again.
pub async fn replay(pool: &Pool, filter: &Filter, before: DateTime<Utc>, limit: i64) -> Result<Vec<JobId>> {
    let mut tx = pool.begin().await?;
    let ids = sqlx::query_scalar!(
        "select id from job
         where state = 'parked' and ($1::text is null or kind = $1) and ($2::uuid is null or organization_id = $2)
           and ($3::text is null or strpos(errors -> -1 ->> 'error', $3) > 0) and finished_at <= $5
           and ($6::text is null or payload ->> 'goal_id' = $6)
           and ($7::timestamptz is null or (errors -> -1 ->> 'at')::timestamptz >= $7)
         order by position nulls last, id limit $4 for update skip locked",
        filter.kind.map(JobKind::as_str),
        filter.organization_id.map(|id| id.0),
        filter.error,
        limit,
        before,
        filter.goal_id.map(|id| id.to_string()),
        filter.failed_since,
    )
    .fetch_all(tx.conn())
    .await?;
    if !ids.is_empty() {
        run_again(&mut tx, &ids).await?;
        tx.names("job", &ids, filter.organization_id.map(|id| id.0));
        tx.commit().await?;
    }
    Ok(ids.into_iter().map(JobId).collect())
}

/// Lets one parked or cancelled job run again with all its attempts; returns its state then, `None`
/// when it is in another one. It is cancelled again when another job holds its unique key by now.
pub async fn retry(pool: &Pool, id: JobId) -> Result<Option<JobState>> {
    let mut tx = pool.begin().await?;
    let found = sqlx::query_scalar!(
        "select organization_id from job where id = $1 and state in ('parked', 'cancelled') for update",
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(organization_id) = found else { return Ok(None) };
    run_again(&mut tx, &[id.0]).await?;
    let state = sqlx::query_scalar!("select state from job where id = $1", id.0).fetch_one(tx.conn()).await?;
    tx.names("job", &[id.0], organization_id);
    tx.commit().await?;
    read_word("job", &state).map(Some)
}

/// A job with an order key goes to the end of its line, several in the order in which they were
/// (engine promise J5), and one with a unique key that another job holds by now is cancelled again.
pub(super) async fn run_again(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(order_key, 0)) from job where id = any($1) and order_key is not null order by order_key",
        ids
    )
    .execute(tx.conn())
    .await?;
    let keyed = sqlx::query!(
        "with line as (
             select id, row_number() over (partition by order_key order by position) > 1 or exists (
                        select from job o where o.order_key = j.order_key and o.state in ('pending', 'published', 'running')) as blocked
             from job j where id = any($1) and order_key is not null order by position
         ), placed as (
             -- One after the other, so that positions are given in the order of the line.
             select id, blocked, nextval('job_position') as position from line
         )
         update job j set state = 'pending', attempt = 0, run_at = clock_timestamp(), finished_at = null, published_at = null,
             suspect = false, blocked = coalesce(p.blocked, false), position = p.position
         from unnest($1::uuid[]) as again (id) left join placed p on p.id = again.id
         where j.id = any($1) and j.id = again.id
         returning j.id, j.unique_key",
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    let keyed: Vec<_> = keyed.into_iter().filter(|row| row.unique_key.is_some()).map(|row| JobId(row.id)).collect();
    super::claim::reclaim_unique_keys(tx, &keyed).await?;
    tx.has_enqueued();
    Ok(())
}

/// Cancels jobs that the transaction has locked and that are not running and not over.
pub(super) async fn cancel_all(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "update job set state = 'cancelled', finished_at = clock_timestamp(), published_at = null
         where id = any($1) and state in ('pending', 'published', 'parked')",
        ids
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from job_unique where job_id = any($1)", ids).execute(tx.conn()).await?;
    Ok(())
}

/// Cancels a job that is not running and not over; false when it is in another state.
pub async fn cancel(pool: &Pool, id: JobId) -> Result<bool> {
    let mut tx = pool.begin().await?;
    let done = sqlx::query_scalar!(
        "update job set state = 'cancelled', finished_at = clock_timestamp(), published_at = null
         where id = $1 and state in ('pending', 'published', 'parked') returning organization_id",
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(organization_id) = done else { return Ok(false) };
    sqlx::query!("delete from job_unique where job_id = $1", id.0).execute(tx.conn()).await?;
    tx.names("job", &[id.0], organization_id);
    tx.commit().await?;
    Ok(true)
}

/// How replayed jobs fare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplayOutcome {
    /// Jobs that have had an attempt that ended.
    pub tried: i64,
    /// Jobs with a last ended attempt that failed.
    pub failed: i64,
}

/// Returns how replayed jobs fare.
pub async fn outcome(pool: &Pool, ids: &[JobId]) -> Result<ReplayOutcome> {
    let row = sqlx::query!(
        r#"select count(*) filter (where state in ('succeeded', 'parked', 'cancelled') or attempt > 1
                                       or (attempt = 1 and state <> 'running')) as "tried!",
                  count(*) filter (where state = 'parked' or attempt > 1 and state not in ('succeeded', 'cancelled')
                                       or (attempt = 1 and state in ('pending', 'published'))) as "failed!"
           from job where id = any($1)"#,
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?;
    Ok(ReplayOutcome { tried: row.tried, failed: row.failed })
}
