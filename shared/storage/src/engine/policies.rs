//! Operators' pauses and limits of kinds and organizations, and the jobs that wait by kind.

use chrono::{DateTime, Utc};
use muster_domain::ids::OrganizationId;
use muster_jobs::JobKind;
use uuid::Uuid;

use crate::{Pool, Result};

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

/// Returns whether no job of a kind could run now, is published or runs. Each is one step in an
/// index.
pub async fn is_drained(pool: &Pool, kind: JobKind) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select not exists (select from job where state = 'pending' and not blocked and kind = $1 and run_at <= clock_timestamp())
              and not exists (select from job where state = 'published' and kind = $1)
              and not exists (select from job where state = 'running' and kind = $1) as "drained!""#,
        kind.as_str(),
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?)
}

/// A pause, a limit, or both.
#[derive(Debug, Clone)]
pub struct JobPolicy {
    /// Of this kind; none: of every kind.
    pub kind: Option<String>,
    /// Of this tenant; none: of every one.
    pub organization_id: Option<OrganizationId>,
    /// Nothing is published.
    pub paused: bool,
    /// Jobs that are published or running at a time.
    pub at_most: Option<i32>,
    /// The reason, in an operator's words.
    pub reason: Option<String>,
    /// Since when it is so.
    pub changed_at: DateTime<Utc>,
}

/// Policies that one look finds at most.
pub const POLICIES_LISTED: i64 = 1_000;

/// Returns the pauses and limits that are in force: those of every organization first, then the
/// latest, at most [`POLICIES_LISTED`].
pub async fn list(pool: &Pool) -> Result<Vec<JobPolicy>> {
    let rows = sqlx::query!(
        r#"select nullif(kind, '*') as kind, nullif(organization_id, tenant(null)) as organization_id, paused, at_most, reason,
                  changed_at
           from job_policy where paused or at_most is not null
           order by organization_id <> tenant(null), changed_at desc limit $1"#,
        POLICIES_LISTED,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| JobPolicy {
            kind: row.kind,
            organization_id: row.organization_id.map(OrganizationId),
            paused: row.paused,
            at_most: row.at_most,
            reason: row.reason,
            changed_at: row.changed_at,
        })
        .collect())
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
