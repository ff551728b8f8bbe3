//! Daemons: heartbeats, the jobs that each takes and runs, and draining.

use chrono::{DateTime, Utc};
use muster_domain::engine::process::ProcessRole;
use muster_jobs::JobKind;
use serde::Deserialize;
use serde_json::Value;

use crate::{Pool, Result, db::error::read_word};

/// Seconds without a heartbeat after which a process counts as gone; it sends one every two.
pub const SILENT_SECONDS: f64 = 15.0;

/// Says that a process is alive.
pub async fn heartbeat(pool: &Pool, name: &str, role: ProcessRole) -> Result<()> {
    sqlx::query!(
        "insert into process (name, role) values ($1, $2)
         on conflict (name) do update set role = excluded.role, seen_at = clock_timestamp()",
        name,
        role.as_str(),
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(())
}

/// Says that a worker has started, which takes these kinds of jobs. A process of this name that
/// was to drain is another one.
pub async fn worker_started(pool: &Pool, name: &str, kinds: &[JobKind]) -> Result<()> {
    let every = kinds.len() == JobKind::ALL.len();
    let kinds: Option<Vec<_>> = (!every).then(|| kinds.iter().map(|kind| kind.as_str().to_owned()).collect());
    sqlx::query!(
        "insert into process (name, role, kinds) values ($1, $2, $3)
         on conflict (name) do update set role = excluded.role, kinds = excluded.kinds, started_at = clock_timestamp(),
             seen_at = clock_timestamp(), draining_since = null",
        name,
        ProcessRole::Worker.as_str(),
        kinds.as_deref(),
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(())
}

/// Says that a worker is alive; returns whether an operator has asked it to drain, none where it is
/// not known.
pub async fn worker_lives(pool: &Pool, name: &str) -> Result<Option<bool>> {
    Ok(sqlx::query_scalar!(
        r#"update process set seen_at = clock_timestamp() where name = $1 returning draining_since is not null as "draining!""#,
        name
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?)
}

/// The outcome of an operator's word on draining.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// The worker hears it with its next heartbeat.
    Told,
    /// There is no process of this name that lives.
    Gone,
    /// It is no worker: others are safe to stop at any time.
    NoWorker,
}

/// Asks a worker to take no more jobs, or to take jobs again. It finishes those in its hands and
/// stays idle, so that nothing starts it anew.
pub async fn set_draining(pool: &Pool, name: &str, draining: bool) -> Result<Drained> {
    let mut tx = pool.begin().await?;
    let role = sqlx::query_scalar!(
        "update process set draining_since = case when $2 and role = 'worker' then coalesce(draining_since, clock_timestamp()) end
         where name = $1 and seen_at > clock_timestamp() - make_interval(secs => $3) returning role",
        name,
        draining,
        SILENT_SECONDS,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(role) = role else { return Ok(Drained::Gone) };
    if read_word::<ProcessRole>("process", &role)? != ProcessRole::Worker {
        return Ok(Drained::NoWorker);
    }
    tx.commit().await?;
    Ok(Drained::Told)
}

/// Returns how many live workers take each kind, by the kind's name: those that drain take none.
pub async fn workers_by_kind(pool: &Pool) -> Result<Vec<(String, i64)>> {
    let all: Vec<String> = JobKind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        r#"select k.kind as "kind!", count(p.name) as "workers!"
           from unnest($1::text[]) as k (kind) left join process p
             on p.role = 'worker' and p.seen_at > clock_timestamp() - make_interval(secs => $2) and p.draining_since is null
                and (p.kinds is null or k.kind = any(p.kinds))
           group by k.kind"#,
        &all,
        SILENT_SECONDS,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.workers)).collect())
}

/// A daemon and its jobs.
#[derive(Debug, Clone, Deserialize)]
pub struct Process {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: ProcessRole,
    /// Seconds since it said that it is alive.
    pub seen_seconds_ago: f64,
    /// Since when it is there.
    pub started_at: DateTime<Utc>,
    /// Kinds of jobs that it takes; none: every kind, if it is a worker.
    pub kinds: Option<Vec<String>>,
    /// Since when it takes no more jobs, because an operator has asked for it.
    pub draining_since: Option<DateTime<Utc>>,
    /// Running jobs: kind and number.
    pub running: Value,
}

/// Returns the daemons that said in the last day that they are alive.
pub async fn list(pool: &Pool) -> Result<Vec<Process>> {
    let rows = sqlx::query!(
        r#"select p.name, p.role, p.started_at, p.kinds, p.draining_since, extract(epoch from clock_timestamp() - p.seen_at)::float8 as "ago!",
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
            Ok(Process {
                name: row.name,
                role,
                seen_seconds_ago: row.ago,
                started_at: row.started_at,
                kinds: row.kinds,
                draining_since: row.draining_since,
                running: row.running,
            })
        })
        .collect()
}
