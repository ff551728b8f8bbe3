//! The relay's side of the outbox: choosing the next jobs for the broker, with backpressure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::ids::JobId;
use muster_jobs::{
    JobKind,
    fair::{Lane, Shares},
};
use uuid::Uuid;

use crate::{Pool, Result, Tx, db::error::recognized};

/// A due job.
#[derive(Debug, Clone)]
pub struct DueJob {
    /// The row.
    pub id: JobId,
    /// Its kind.
    pub kind: JobKind,
    /// Trace context of the enqueuer.
    pub traceparent: Option<String>,
    /// Since when it could have run.
    pub run_at: DateTime<Utc>,
    /// A suspect of poison: an earlier attempt ended with its worker.
    pub suspect: bool,
}

/// Lanes of jobs that could go to the broker now.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Lines with due jobs, of kinds and organizations that are not paused.
    pub lanes: Vec<Lane>,
    /// Some of them have a limit, which is read under its lock.
    pub limited: bool,
}

/// Looks for due jobs. One statement; while nothing is due, this is all that a relay costs.
pub async fn survey(pool: &Pool) -> Result<Survey> {
    let kinds: Vec<String> = JobKind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect();
    let windows: Vec<i64> = JobKind::ALL.iter().map(|kind| kind.policy().window).collect();
    let rows = sqlx::query_file!("src/engine/relay_lanes.sql", &kinds, &windows)
        .fetch_all(&mut *pool.connection().await?)
        .await?;
    let limited = rows.iter().any(|row| row.limited);
    let lane = |kind| recognized("job", kind, JobKind::parse(kind));
    let lanes = rows
        .iter()
        .map(|row| {
            Ok(Lane {
                kind: lane(&row.kind)?,
                tenant: row.tenant,
                rank: row.rank,
                kind_room: row.room,
                tenant_room: None,
                tenant_room_of_all: None,
            })
        })
        .collect::<Result<_>>()?;
    Ok(Survey { lanes, limited })
}

/// Narrows lanes to the room that limits leave. The holder of a limit's row is the only relay that
/// publishes under it, so that no two fill the same room. Lanes with a limit in another relay's
/// hands get none this time. An organization may have a limit over all kinds together, with the
/// kind `*`.
pub async fn apply_limits(tx: &mut Tx, lanes: &mut [Lane]) -> Result<()> {
    // Locked first and counted after: the count's snapshot is then newer than the last holder's
    // commit.
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
                      -- Each state by its own index.
                      select count(*) from (
                          select kind, organization_id from job where state = 'published'
                          union all
                          select kind, organization_id from job where state = 'running') j
                      where p.kind in (j.kind, '*') and p.organization_id in (tenant(null), tenant(j.organization_id))) end as "room!"
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
            lane.tenant_room_of_all = rooms.get(&("*", lane.tenant)).copied();
        }
    }
    Ok(())
}

/// Narrows lanes of kinds with long jobs to the rest of their tenant's share of the workers
/// (engine promise J6): no more of its jobs are published or running than the workers of the kind
/// take and have room beside, nor more published than leaves room in the kind's window. One relay
/// at a time does this, so that no two fill the same room. While it is at it, these lanes get
/// nothing from the others. It costs by the published and running jobs, not by the waiting ones.
pub async fn apply_shares(tx: &mut Tx, lanes: &mut [Lane]) -> Result<()> {
    let mut lanes: Vec<_> = lanes.iter_mut().filter_map(|lane| Some((lane.kind.policy().share?, lane))).collect();
    if lanes.is_empty() {
        return Ok(());
    }
    // Locked first and counted after, as in `apply_limits`.
    let locked = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('shares of the workers', 0)) as "locked!""#
    )
    .fetch_one(tx.conn())
    .await?;
    let rooms = if locked {
        sqlx::query_scalar!(
            // Each state by its own index.
            r#"with published as (
                   select kind, tenant(organization_id) as tenant, count(*) as jobs from job
                   where state = 'published' and kind = any($1) group by 1, 2
               ), running as (
                   select kind, tenant(organization_id) as tenant, count(*) as jobs from job
                   where state = 'running' and kind = any($1) group by 1, 2
               )
               select least(w.workers * q.share - coalesce(p.jobs, 0) - coalesce(r.jobs, 0), q.at_once - coalesce(p.jobs, 0)) as "room!"
               from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[]) with ordinality
                   as q (kind, tenant, share, at_once, number)
               cross join lateral (
                   select greatest(count(*), 1) as workers from process
                   where role = 'worker' and seen_at > clock_timestamp() - interval '10 s' and draining_since is null
                     and (kinds is null or q.kind = any(kinds))) w
               left join published p on p.kind = q.kind and p.tenant = q.tenant
               left join running r on r.kind = q.kind and r.tenant = q.tenant
               order by q.number"#,
            &lanes.iter().map(|(_, lane)| lane.kind.as_str().to_owned()).collect::<Vec<_>>(),
            &lanes.iter().map(|(_, lane)| lane.tenant).collect::<Vec<_>>(),
            &lanes.iter().map(|(share, _)| i64::from(*share)).collect::<Vec<_>>(),
            &lanes.iter().map(|(_, lane)| lane.kind.policy().window_of_one()).collect::<Vec<_>>(),
        )
        .fetch_all(tx.conn())
        .await?
    } else {
        vec![0; lanes.len()]
    };
    for ((_, lane), room) in lanes.iter_mut().zip(rooms) {
        lane.tenant_room = Some(lane.tenant_room.unwrap_or(i64::MAX).min(room.max(0)));
    }
    Ok(())
}

/// Jobs that a round takes.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// The jobs.
    pub due: Vec<DueJob>,
    /// A share is used up: more of its jobs may be due.
    pub more: bool,
}

/// Takes due jobs, of each lane no more than its tenant's share. Other relays skip them until this
/// transaction ends.
pub async fn take_due(tx: &mut Tx, lanes: &[Lane], mut shares: Shares) -> Result<Taken> {
    let served: Vec<&Lane> = lanes.iter().filter(|lane| shares.left(lane.kind, lane.tenant) > 0).collect();
    if served.is_empty() {
        return Ok(Taken::default());
    }
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
        let kind = recognized("job", &row.kind, JobKind::parse(&row.kind))?;
        // Every lane of a tenant was offered the whole share; the first ones use it up.
        if shares.admit(kind, row.tenant) {
            let (id, traceparent) = (JobId(row.id), row.traceparent);
            due.push(DueJob { id, kind, traceparent, run_at: row.run_at, suspect: row.suspect });
        }
    }
    let more = lanes.iter().any(|lane| shares.left(lane.kind, lane.tenant) <= 0);
    Ok(Taken { due, more })
}

/// Records that these are published, which counts once the broker has confirmed them and this
/// transaction commits.
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

/// Takes the mark of [`mark_published`] off those that the broker has not confirmed.
pub async fn unmark(tx: &mut Tx, ids: &[JobId]) -> Result<()> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "update job set state = 'pending', published_at = null where id = any($1) and state = 'published'",
        &ids
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
