//! Operators' verbs on jobs: look, retry, cancel, replay, pause, limit.

use chrono::{DateTime, Utc};
use muster_domain::{
    engine::{job::JobState, process::ProcessRole},
    ids::{JobId, OrganizationId},
};
use muster_jobs::JobKind;
use serde_json::Value;
use uuid::Uuid;

use crate::{Page, Pool, Result, Tx, db::error::read_word};

/// Choice of jobs; `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<JobKind>,
    /// In this state.
    pub state: Option<JobState>,
    /// Of this tenant.
    pub organization_id: Option<OrganizationId>,
    /// Text in the last error.
    pub error: Option<String>,
}

/// A job in a list.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The row.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// Its state.
    pub state: JobState,
    /// Attempts that count.
    pub attempts: i32,
    /// Attempts that it may have.
    pub max_attempts: i32,
    /// When it could first run.
    pub run_at: DateTime<Utc>,
    /// The tenant.
    pub organization_id: Option<OrganizationId>,
    /// Its present or last worker.
    pub worker: Option<String>,
    /// Its last error.
    pub last_error: Option<String>,
}

/// Returns a page of the jobs that a filter means, the newest first.
pub async fn page(pool: &Pool, filter: &Filter, page: Page<JobId>) -> Result<Vec<Summary>> {
    let rows = sqlx::query!(
        r#"select id, kind, state, attempt, max_attempts, run_at, organization_id, worker, errors -> -1 ->> 'error' as last_error
           from job
           where ($1::text is null or kind = $1) and ($2::text is null or state = $2)
             and ($3::uuid is null or organization_id = $3)
             and ($4::text is null or strpos(errors -> -1 ->> 'error', $4) > 0) and ($5::uuid is null or id < $5)
           order by id desc limit $6"#,
        filter.kind.map(JobKind::as_str),
        filter.state.map(JobState::as_str),
        filter.organization_id.map(|id| id.0),
        filter.error,
        page.after.map(|id| id.0),
        page.limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Summary {
                id: JobId(row.id),
                kind: row.kind,
                state: read_word("job", &row.state)?,
                attempts: row.attempt,
                max_attempts: row.max_attempts,
                run_at: row.run_at,
                organization_id: row.organization_id.map(OrganizationId),
                worker: row.worker,
                last_error: row.last_error,
            })
        })
        .collect()
}

/// Returns a job's whole row as JSON: its life can be read from it (engine promise J11).
pub async fn show(pool: &Pool, id: JobId) -> Result<Option<Value>> {
    Ok(sqlx::query_scalar!(r#"select to_jsonb(job) as "job!" from job where id = $1"#, id.0)
        .fetch_optional(&mut *pool.connection().await?)
        .await?)
}

/// Returns how many parked jobs a filter means.
pub async fn count_parked(pool: &Pool, filter: &Filter) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "jobs!" from job
           where state = 'parked' and ($1::text is null or kind = $1) and ($2::uuid is null or organization_id = $2)
             and ($3::text is null or strpos(errors -> -1 ->> 'error', $3) > 0)"#,
        filter.kind.map(JobKind::as_str),
        filter.organization_id.map(|id| id.0),
        filter.error,
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
         order by position nulls last, id limit $4 for update skip locked",
        filter.kind.map(JobKind::as_str),
        filter.organization_id.map(|id| id.0),
        filter.error,
        limit,
        before,
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
async fn run_again(tx: &mut Tx, ids: &[Uuid]) -> Result<()> {
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

/// A kind's jobs that are not over, and how fast they end.
#[derive(Debug, Clone)]
pub struct Queue {
    /// The kind.
    pub kind: String,
    /// Waiting, due and not.
    pub pending: i64,
    /// Waiting and due.
    pub due: i64,
    /// In the broker.
    pub published: i64,
    /// Claimed.
    pub running: i64,
    /// Parked.
    pub parked: i64,
    /// For how many seconds the oldest due job has been waiting.
    pub oldest_seconds: Option<f64>,
    /// Jobs that succeeded in the last minute.
    pub succeeded_last_minute: i64,
    /// The kind is paused for everybody.
    pub paused: bool,
}

/// Returns every kind that has jobs which are not over, or which ended in the last minute.
pub async fn queues(pool: &Pool) -> Result<Vec<Queue>> {
    let rows = sqlx::query!(
        r#"with live as (
               select kind, count(*) filter (where state = 'pending') as pending,
                      count(*) filter (where state = 'pending' and run_at <= clock_timestamp()) as due,
                      count(*) filter (where state = 'published') as published,
                      count(*) filter (where state = 'running') as running, count(*) filter (where state = 'parked') as parked,
                      extract(epoch from clock_timestamp() - min(run_at) filter (where state in ('pending', 'published')
                          and run_at <= clock_timestamp()))::float8 as oldest
               from job where state in ('pending', 'published', 'running', 'parked') group by kind
           ), ended as (
               select kind, count(*) as jobs from job
               where finished_at > clock_timestamp() - interval '1 minute' and state = 'succeeded' group by kind
           )
           select coalesce(l.kind, e.kind) as "kind!", coalesce(l.pending, 0) as "pending!", coalesce(l.due, 0) as "due!",
                  coalesce(l.published, 0) as "published!", coalesce(l.running, 0) as "running!", coalesce(l.parked, 0) as "parked!",
                  l.oldest, coalesce(e.jobs, 0) as "ended!",
                  exists (select from job_policy p where p.kind = coalesce(l.kind, e.kind) and p.organization_id = tenant(null)
                          and p.paused) as "paused!"
           from live l full join ended e on e.kind = l.kind order by 1"#
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Queue {
            kind: row.kind,
            pending: row.pending,
            due: row.due,
            published: row.published,
            running: row.running,
            parked: row.parked,
            oldest_seconds: row.oldest,
            succeeded_last_minute: row.ended,
            paused: row.paused,
        })
        .collect())
}

/// A daemon and its jobs.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: ProcessRole,
    /// Seconds since it said that it is alive.
    pub seen_seconds_ago: f64,
    /// Running jobs: kind and number.
    pub running: Value,
}

/// Returns the daemons that said in the last day that they are alive.
pub async fn processes(pool: &Pool) -> Result<Vec<Process>> {
    let rows = sqlx::query!(
        r#"select p.name, p.role, extract(epoch from clock_timestamp() - p.seen_at)::float8 as "ago!",
                  coalesce((select jsonb_object_agg(r.kind, r.jobs) from (
                      select j.kind, count(*) as jobs from job j where j.state = 'running' and j.worker = p.name group by j.kind) r),
                      '{}') as "running!"
           from process p where p.seen_at > clock_timestamp() - interval '1 day' order by p.role, p.name"#
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            let role = read_word("process", &row.role)?;
            Ok(Process { name: row.name, role, seen_seconds_ago: row.ago, running: row.running })
        })
        .collect()
}

/// Pauses or resumes a kind, or every kind (`None`), for one organization or all.
pub async fn set_paused(
    pool: &Pool,
    kind: Option<JobKind>,
    organization_id: Option<OrganizationId>,
    paused: bool,
    reason: Option<&str>,
) -> Result<()> {
    let mut tx = pool.begin().await?;
    sqlx::query!(
        "insert into job_policy (kind, organization_id, paused, reason) values ($1, tenant($2), $3, $4)
         on conflict (kind, organization_id)
         do update set paused = excluded.paused, reason = excluded.reason, changed_at = clock_timestamp()",
        kind.map_or("*", JobKind::as_str),
        organization_id.map(|id| id.0) as Option<Uuid>,
        paused,
        reason,
    )
    .execute(tx.conn())
    .await?;
    tx.names("organization", organization_id.map(|id| id.0).as_slice(), organization_id.map(|id| id.0));
    tx.commit().await
}

/// Limits how many jobs are published and running at a time: of a kind, of a kind and one
/// organization, or of all kinds together (`None`) of one organization. Without `at_most` the limit
/// is lifted.
pub async fn set_limit(
    pool: &Pool,
    kind: Option<JobKind>,
    organization_id: Option<OrganizationId>,
    at_most: Option<i32>,
) -> Result<()> {
    let mut tx = pool.begin().await?;
    sqlx::query!(
        "insert into job_policy (kind, organization_id, at_most) values ($1, tenant($2), $3)
         on conflict (kind, organization_id) do update set at_most = excluded.at_most, changed_at = clock_timestamp()",
        kind.map_or("*", JobKind::as_str),
        organization_id.map(|id| id.0) as Option<Uuid>,
        at_most,
    )
    .execute(tx.conn())
    .await?;
    tx.names("organization", organization_id.map(|id| id.0).as_slice(), organization_id.map(|id| id.0));
    tx.commit().await
}
