//! Operators' looks at jobs: a list by filters, of which each page looks through a bounded number
//! of rows, and one job's whole life.

use chrono::{DateTime, Utc};
use muster_domain::{
    engine::job::JobState,
    ids::{GoalId, JobId, OrganizationId},
};
use muster_jobs::JobKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Page, Pool, Result, db::error::read_word};

/// Rows that a page looks through at most. A page may end before it is full; its `next` goes on.
pub const LOOKED_AT: i64 = 10_000;

/// Choice of jobs; `None` does not matter.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<JobKind>,
    /// In this state.
    pub state: Option<JobState>,
    /// Of this tenant.
    pub organization_id: Option<OrganizationId>,
    /// With a payload that names this goal.
    pub goal_id: Option<GoalId>,
    /// With a last error of this time or later.
    pub failed_since: Option<DateTime<Utc>>,
    /// With this text in the last error.
    pub error: Option<String>,
}

/// A job in a list.
#[derive(Debug, Clone, Deserialize)]
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
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its worker took it, the last time.
    pub claimed_at: Option<DateTime<Utc>>,
    /// When it was over.
    pub finished_at: Option<DateTime<Utc>>,
    /// The tenant.
    pub organization_id: Option<OrganizationId>,
    /// Its present or last worker.
    pub worker: Option<String>,
    /// Its last error.
    pub last_error: Option<String>,
    /// When that was.
    pub failed_at: Option<DateTime<Utc>>,
}

/// A page of jobs, and the cost of it.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    /// Jobs that match, the newest first.
    pub jobs: Vec<Summary>,
    /// Where the next page begins; none where all was looked through.
    pub next: Option<JobId>,
    /// Rows that this page looked through.
    pub looked_at: i64,
}

struct Row {
    id: Uuid,
    kind: String,
    state: String,
    attempt: i32,
    max_attempts: i32,
    run_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    claimed_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    organization_id: Option<Uuid>,
    worker: Option<String>,
    last_error: Option<String>,
    failed_at: Option<DateTime<Utc>>,
    nth: i64,
}

/// The part of a look's rows that there is: how many, and the last of them.
struct Extent {
    rows: i64,
    last: Option<Uuid>,
}

/// Returns a page of the jobs that a filter means, the newest first. It looks through
/// [`LOOKED_AT`] rows at most: those of the filter's state by the index of that state where there
/// are few of them, else those of all jobs by their ids.
pub async fn page(pool: &Pool, filter: &Filter, page: Page<JobId>) -> Result<Looked> {
    let few = matches!(filter.state, Some(JobState::Running | JobState::Published | JobState::Parked));
    let rows = if few { among_few(pool, filter, &page).await? } else { among_all(pool, filter, &page).await? };
    let full = i64::try_from(rows.len()) == Ok(page.limit);
    let (looked_at, next) = match rows.last().filter(|_| full) {
        Some(last) => (last.nth, Some(last.id)),
        None => {
            let Extent { rows, last } =
                if few { extent_of_few(pool, filter, &page).await? } else { extent_of_all(pool, &page).await? };
            (rows, last.filter(|_| rows == LOOKED_AT))
        }
    };
    let jobs = rows.into_iter().map(summary).collect::<Result<_>>()?;
    Ok(Looked { jobs, next: next.map(JobId), looked_at })
}

async fn among_all(pool: &Pool, filter: &Filter, page: &Page<JobId>) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select id as "id!", kind as "kind!", state as "state!", attempt as "attempt!", max_attempts as "max_attempts!",
                  run_at as "run_at!", created_at as "created_at!", claimed_at, finished_at, organization_id, worker,
                  errors -> -1 ->> 'error' as last_error, (errors -> -1 ->> 'at')::timestamptz as failed_at, nth as "nth!"
           from (
               select *, row_number() over (order by id desc) as nth from job
               where id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') order by id desc limit $2) j
           where ($3::text is null or kind = $3) and ($4::text is null or state = $4)
             and ($5::uuid is null or organization_id = $5) and ($6::text is null or payload ->> 'goal_id' = $6)
             and ($7::timestamptz is null or (errors -> -1 ->> 'at')::timestamptz >= $7)
             and ($8::text is null or strpos(errors -> -1 ->> 'error', $8) > 0)
           order by id desc limit $9"#,
        page.after.map(|id| id.0),
        LOOKED_AT,
        filter.kind.map(JobKind::as_str),
        filter.state.map(JobState::as_str),
        filter.organization_id.map(|id| id.0),
        filter.goal_id.map(|id| id.to_string()),
        filter.failed_since,
        filter.error,
        page.limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?)
}

async fn extent_of_all(pool: &Pool, page: &Page<JobId>) -> Result<Extent> {
    Ok(sqlx::query_as!(
        Extent,
        r#"select count(*) as "rows!", (array_agg(id order by id))[1] as last
           from (select id from job where id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                 order by id desc limit $2) j"#,
        page.after.map(|id| id.0),
        LOOKED_AT,
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?)
}

/// Jobs that are running, published or parked: each state has an index of its own. Parked ones may
/// be many, and are looked through kind by kind in the order of their ids.
async fn among_few(pool: &Pool, filter: &Filter, page: &Page<JobId>) -> Result<Vec<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select id as "id!", kind as "kind!", state as "state!", attempt as "attempt!", max_attempts as "max_attempts!",
                  run_at as "run_at!", created_at as "created_at!", claimed_at, finished_at, organization_id, worker,
                  errors -> -1 ->> 'error' as last_error, (errors -> -1 ->> 'at')::timestamptz as failed_at, nth as "nth!"
           from (
               select *, row_number() over (order by id desc) as nth
               from (
                   (select * from job where $4 = 'running' and state = 'running' limit $2)
                   union all (select * from job where $4 = 'published' and state = 'published' limit $2)
                   union all (
                       select p.* from unnest($10::text[]) as k (kind) cross join lateral (
                           select * from job where $4 = 'parked' and state = 'parked' and job.kind = k.kind
                             and id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                           order by id desc limit $2) p)
               ) found
               where id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') order by id desc limit $2) j
           where ($3::text is null or kind = $3)
             and ($5::uuid is null or organization_id = $5) and ($6::text is null or payload ->> 'goal_id' = $6)
             and ($7::timestamptz is null or (errors -> -1 ->> 'at')::timestamptz >= $7)
             and ($8::text is null or strpos(errors -> -1 ->> 'error', $8) > 0)
           order by id desc limit $9"#,
        page.after.map(|id| id.0),
        LOOKED_AT,
        filter.kind.map(JobKind::as_str),
        filter.state.map(JobState::as_str),
        filter.organization_id.map(|id| id.0),
        filter.goal_id.map(|id| id.to_string()),
        filter.failed_since,
        filter.error,
        page.limit,
        &kinds(filter),
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?)
}

async fn extent_of_few(pool: &Pool, filter: &Filter, page: &Page<JobId>) -> Result<Extent> {
    Ok(sqlx::query_as!(
        Extent,
        r#"select count(*) as "rows!", (array_agg(id order by id))[1] as last
           from (
               select id
               from (
                   (select id from job where $3 = 'running' and state = 'running' limit $2)
                   union all (select id from job where $3 = 'published' and state = 'published' limit $2)
                   union all (
                       select p.id from unnest($4::text[]) as k (kind) cross join lateral (
                           select id from job where $3 = 'parked' and state = 'parked' and job.kind = k.kind
                             and id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                           order by id desc limit $2) p)
               ) found
               where id < coalesce($1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff') order by id desc limit $2) j"#,
        page.after.map(|id| id.0),
        LOOKED_AT,
        filter.state.map(JobState::as_str),
        &kinds(filter),
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?)
}

fn kinds(filter: &Filter) -> Vec<String> {
    match filter.kind {
        Some(kind) => vec![kind.as_str().to_owned()],
        None => JobKind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect(),
    }
}

fn summary(row: Row) -> Result<Summary> {
    Ok(Summary {
        id: JobId(row.id),
        kind: row.kind,
        state: read_word("job", &row.state)?,
        attempts: row.attempt,
        max_attempts: row.max_attempts,
        run_at: row.run_at,
        created_at: row.created_at,
        claimed_at: row.claimed_at,
        finished_at: row.finished_at,
        organization_id: row.organization_id.map(OrganizationId),
        worker: row.worker,
        last_error: row.last_error,
        failed_at: row.failed_at,
    })
}

/// Returns a job's whole row as JSON: its life can be read from it (engine promise J11).
pub async fn show(pool: &Pool, id: JobId) -> Result<Option<Value>> {
    Ok(sqlx::query_scalar!(r#"select to_jsonb(job) as "job!" from job where id = $1"#, id.0)
        .fetch_optional(&mut *pool.connection().await?)
        .await?)
}

/// A failed attempt.
#[derive(Debug, Clone, Deserialize)]
pub struct Failure {
    /// Its number, from 1.
    pub attempt: i32,
    /// When it failed.
    pub at: DateTime<Utc>,
    /// Its worker.
    pub worker: Option<String>,
    /// The error.
    pub error: String,
}

/// An attempt that was handed back, which counts as none.
#[derive(Debug, Clone, Deserialize)]
pub struct HandBack {
    /// When it was.
    pub at: DateTime<Utc>,
    /// Its worker.
    pub worker: Option<String>,
    /// The reason.
    pub why: String,
}

/// One job's life.
#[derive(Debug, Clone)]
pub struct Life {
    /// The job as lists have it.
    pub summary: Summary,
    /// Ids and instants.
    pub payload: Value,
    /// A greater one goes first.
    pub priority: i16,
    /// At most one job of a key waits to be claimed.
    pub unique_key: Option<String>,
    /// Jobs of one key run one after another.
    pub order_key: Option<String>,
    /// An earlier job of its order key is not over.
    pub blocked: bool,
    /// The first of these.
    pub behind: Option<JobId>,
    /// An attempt ended with its worker.
    pub suspect: bool,
    /// Trace context of the enqueuer.
    pub traceparent: Option<String>,
    /// Trace context of the first attempt, if that failed.
    pub first_attempt: Option<String>,
    /// Until when its worker has it.
    pub lease_until: Option<DateTime<Utc>>,
    /// When it was published last.
    pub published_at: Option<DateTime<Utc>>,
    /// Work that is done.
    pub progress_done: Option<i64>,
    /// Work in all.
    pub progress_total: Option<i64>,
    /// Failed attempts, the first first.
    pub failures: Vec<Failure>,
    /// The last attempts that were handed back.
    pub hand_backs: Vec<HandBack>,
}

/// Returns one job's life.
pub async fn life(pool: &Pool, id: JobId) -> Result<Option<Life>> {
    let row = sqlx::query!(
        r#"select id, kind, state, attempt, max_attempts, run_at, created_at, finished_at, organization_id, worker, payload,
                  priority, unique_key, order_key, blocked, suspect, traceparent, first_attempt, lease_until, published_at,
                  claimed_at, progress_done, progress_total, errors as "errors: Json<Vec<Failure>>",
                  hand_backs as "hand_backs: Json<Vec<HandBack>>",
                  (select first.id from job first
                   where job.blocked and first.order_key = job.order_key and first.position < job.position
                     and first.state in ('pending', 'published', 'running')
                   order by first.position limit 1) as behind
           from job where id = $1"#,
        id.0
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let last = row.errors.last();
    let summary = Summary {
        id,
        kind: row.kind,
        state: read_word("job", &row.state)?,
        attempts: row.attempt,
        max_attempts: row.max_attempts,
        run_at: row.run_at,
        created_at: row.created_at,
        claimed_at: row.claimed_at,
        finished_at: row.finished_at,
        organization_id: row.organization_id.map(OrganizationId),
        worker: row.worker,
        last_error: last.map(|last| last.error.clone()),
        failed_at: last.map(|last| last.at),
    };
    Ok(Some(Life {
        summary,
        payload: row.payload,
        priority: row.priority,
        unique_key: row.unique_key,
        order_key: row.order_key,
        blocked: row.blocked,
        behind: row.behind.map(JobId),
        suspect: row.suspect,
        traceparent: row.traceparent,
        first_attempt: row.first_attempt,
        lease_until: row.lease_until,
        published_at: row.published_at,
        progress_done: row.progress_done,
        progress_total: row.progress_total,
        failures: row.errors.0,
        hand_backs: row.hand_backs.0,
    }))
}
