//! The relay's side of the outbox: which jobs go to the broker next.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::ids::JobId;
use muster_jobs::{
    JobKind,
    fair::{Lane, Shares},
};
use uuid::Uuid;

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
    /// An earlier attempt ended with its worker.
    pub suspect: bool,
}

/// What could go to the broker now.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Lines with due jobs, of kinds and organizations that are not paused.
    pub lanes: Vec<Lane>,
    /// Some of them have a limit, which is to be looked at under its lock.
    pub limited: bool,
}

/// Looks for due jobs. One statement; while nothing is due, this is all that a relay costs.
pub async fn survey(pool: &Pool) -> Result<Survey> {
    let kinds: Vec<String> = JobKind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect();
    let windows: Vec<i64> = JobKind::ALL.iter().map(|kind| kind.window()).collect();
    let rows = sqlx::query_file!("src/engine/relay_lanes.sql", &kinds, &windows).fetch_all(&pool.0).await?;
    let limited = rows.iter().any(|row| row.limited);
    let lane = |kind| word("job", kind, JobKind::parse(kind));
    let lanes = rows
        .iter()
        .map(|row| {
            Ok(Lane {
                kind: lane(&row.kind)?,
                tenant: row.tenant,
                rank: row.rank,
                kind_room: row.room,
                tenant_room: None,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Survey { lanes, limited })
}

/// Narrows lanes to what limits leave room for. Whoever holds a limit's row is the only relay that publishes under it, so that no two
/// fill the same room; lanes whose limit is in another relay's hands get none this time.
pub async fn apply_limits(tx: &mut Tx, lanes: &mut [Lane]) -> Result<()> {
    // Locked first and counted after: the count's snapshot is then newer than the last holder's commit.
    let locked = sqlx::query!(
        "select kind, organization_id from job_policy where at_most is not null order by kind, organization_id for update skip locked"
    )
    .fetch_all(tx.conn())
    .await?;
    let kinds: Vec<_> = locked.iter().map(|row| row.kind.clone()).collect();
    let tenants: Vec<_> = locked.iter().map(|row| row.organization_id).collect();
    let rows = sqlx::query!(
        r#"select p.kind as "kind!", p.organization_id as "tenant!",
                  case when l.kind is null then 0 else p.at_most - (
                      select count(*) from job j
                      where j.state in ('published', 'running') and j.kind = p.kind
                        and (p.organization_id = tenant(null) or tenant(j.organization_id) = p.organization_id)) end as "room!"
           from job_policy p
           left join unnest($1::text[], $2::uuid[]) as l (kind, tenant) on l.kind = p.kind and l.tenant = p.organization_id
           where p.at_most is not null"#,
        &kinds,
        &tenants,
    )
    .fetch_all(tx.conn())
    .await?;
    let rooms: BTreeMap<(&str, Uuid), i64> =
        rows.iter().map(|row| ((row.kind.as_str(), row.tenant), row.room.max(0))).collect();
    for lane in lanes {
        if let Some(room) = rooms.get(&(lane.kind.as_str(), Uuid::nil())) {
            lane.kind_room = lane.kind_room.min(*room);
        }
        if !lane.tenant.is_nil() {
            lane.tenant_room = rooms.get(&(lane.kind.as_str(), lane.tenant)).copied();
        }
    }
    Ok(())
}

/// Takes due jobs, of each lane no more than its tenant's share. Other relays skip them until this transaction ends.
pub async fn take_due(tx: &mut Tx, lanes: &[Lane], mut shares: Shares) -> Result<Vec<DueJob>> {
    let served: Vec<&Lane> = lanes.iter().filter(|lane| shares.left(lane.kind, lane.tenant) > 0).collect();
    let rows = sqlx::query!(
        r#"select due.id as "id!", q.kind as "kind!", q.tenant as "tenant!", due.traceparent, due.run_at as "run_at!",
                  due.suspect as "suspect!"
           from unnest($1::text[], $2::uuid[], $3::smallint[], $4::bigint[]) with ordinality as q (kind, tenant, rank, share, number)
           cross join lateral (
               select j.id, j.traceparent, j.run_at, j.suspect from job j
               where j.state = 'pending' and not j.blocked and j.kind = q.kind and tenant(j.organization_id) = q.tenant
                 and (-j.priority) = q.rank and j.run_at <= (select clock_timestamp())
               order by j.run_at, j.id
               limit q.share
               for update skip locked
           ) due
           order by q.number, due.run_at, due.id"#,
        &served.iter().map(|lane| lane.kind.as_str().to_owned()).collect::<Vec<_>>(),
        &served.iter().map(|lane| lane.tenant).collect::<Vec<_>>(),
        &served.iter().map(|lane| lane.rank).collect::<Vec<_>>(),
        &served.iter().map(|lane| shares.left(lane.kind, lane.tenant)).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    let mut due = Vec::with_capacity(rows.len());
    for row in rows {
        let kind = word("job", &row.kind, JobKind::parse(&row.kind))?;
        // Every lane of a tenant was offered the whole share; the first ones use it up.
        if shares.admit(kind, row.tenant) {
            let (id, traceparent) = (JobId(row.id), row.traceparent);
            due.push(DueJob { id, kind, traceparent, run_at: row.run_at, suspect: row.suspect });
        }
    }
    Ok(due)
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
