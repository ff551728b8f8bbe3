//! The relay's side of the outbox: which jobs go to the broker next.

use chrono::{DateTime, Utc};
use muster_domain::ids::JobId;
use muster_jobs::JobKind;

use crate::{Pool, Result, Tx, error::word};

/// A due job.
#[derive(Debug, Clone)]
pub struct DueJob {
    /// The row.
    pub id: JobId,
    /// Its kind.
    pub kind: JobKind,
    /// Trace context of whoever enqueued it.
    pub traceparent: Option<String>,
    /// Since when it could have run.
    pub run_at: DateTime<Utc>,
}

/// Takes due jobs, at most `limit` of a kind and never more than fit in the kind's window beside what is published and
/// unclaimed. Other relays skip them until this transaction ends.
pub async fn take_due(tx: &mut Tx, limit: i64) -> Result<Vec<DueJob>> {
    let kinds: Vec<String> = JobKind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect();
    let windows: Vec<i64> = JobKind::ALL.iter().map(|kind| kind.window()).collect();
    let rows = sqlx::query!(
        r#"select due.id as "id!", due.kind as "kind!", due.traceparent, due.run_at as "run_at!"
           from unnest($1::text[], $2::bigint[]) as k (kind, room)
           cross join lateral (
               select id, kind, traceparent, run_at from job
               where state = 'pending' and kind = k.kind and run_at <= now()
               order by priority desc, run_at, id
               limit least($3, greatest(0, k.room - (
                   select count(*) from job p where p.state = 'published' and p.kind = k.kind)))
               for update skip locked
           ) due"#,
        &kinds,
        &windows,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let kind = word("job", &row.kind, JobKind::parse(&row.kind))?;
            Ok(DueJob { id: JobId(row.id), kind, traceparent: row.traceparent, run_at: row.run_at })
        })
        .collect()
}

/// Records that the broker confirmed these.
pub async fn mark_published(tx: &mut Tx, ids: &[JobId]) -> Result<()> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "update job set state = 'published', published_at = clock_timestamp() where id = any($1) and state = 'pending'",
        &ids
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Jobs by kind and state that are not over, for metrics and operators.
pub async fn backlog(pool: &Pool) -> Result<Vec<(String, String, i64)>> {
    let rows = sqlx::query!(
        r#"select kind, state, count(*) as "jobs!" from job
           where state in ('pending', 'published', 'running', 'parked') group by kind, state order by kind, state"#
    )
    .fetch_all(&pool.0)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.state, row.jobs)).collect())
}
