//! One-shot timers: each fires once, in the transaction that makes its job, whichever scheduler
//! gets there first.

use std::time::Duration;

use chrono::{DateTime, Utc};
use muster_domain::ids::{JobId, OrganizationId};
use muster_jobs::{names::NOTIFY_TIMERS, timer::TimerKind};
use uuid::Uuid;

use crate::{Pool, Result, Tx, db::error::recognized};

/// The longest that a scheduler may wait between two looks at the timers: one that is due sooner
/// than this is announced when it is set.
pub const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Sets the timer of a subject, or moves it.
pub async fn set(
    tx: &mut Tx,
    kind: TimerKind,
    subject: Uuid,
    fire_at: DateTime<Utc>,
    organization_id: OrganizationId,
) -> Result<()> {
    set_all(tx, kind, &[subject], fire_at, organization_id).await
}

/// Sets the timers of subjects of an organization, or moves them, to one instant.
pub async fn set_all(
    tx: &mut Tx,
    kind: TimerKind,
    subjects: &[Uuid],
    fire_at: DateTime<Utc>,
    organization_id: OrganizationId,
) -> Result<()> {
    if subjects.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with set as (
             insert into timer (kind, subject, fire_at, organization_id)
             select $1, subject, $3, $4 from unnest($2::uuid[]) as s (subject) order by subject
             on conflict (kind, subject) do update set fire_at = excluded.fire_at
         )
         select pg_notify($5, '') where $3 < clock_timestamp() + interval '2 s'",
        kind.as_str(),
        subjects,
        fire_at,
        organization_id.0,
        NOTIFY_TIMERS,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets the timer of a subject, unless one that fires earlier is set.
pub async fn set_earliest(
    tx: &mut Tx,
    kind: TimerKind,
    subject: Uuid,
    fire_at: DateTime<Utc>,
    organization_id: OrganizationId,
) -> Result<()> {
    sqlx::query!(
        "with set as (
             insert into timer as t (kind, subject, fire_at, organization_id) values ($1, $2, $3, $4)
             on conflict (kind, subject) do update set fire_at = least(t.fire_at, excluded.fire_at) returning fire_at
         )
         select pg_notify($5, '') from set where fire_at < clock_timestamp() + interval '2 s'",
        kind.as_str(),
        subject,
        fire_at,
        organization_id.0,
        NOTIFY_TIMERS,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Returns when the timer of a subject fires, if it has one.
pub async fn fires_at(tx: &mut Tx, kind: TimerKind, subject: Uuid) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!("select fire_at from timer where kind = $1 and subject = $2", kind.as_str(), subject)
        .fetch_optional(tx.conn())
        .await?)
}

/// Takes the timer of a subject away, if it has one.
pub async fn cancel(tx: &mut Tx, kind: TimerKind, subject: Uuid) -> Result<()> {
    cancel_all(tx, kind, &[subject]).await
}

/// Takes the timers of subjects away, where they have one.
pub async fn cancel_all(tx: &mut Tx, kind: TimerKind, subjects: &[Uuid]) -> Result<()> {
    if subjects.is_empty() {
        return Ok(());
    }
    sqlx::query!("delete from timer where kind = $1 and subject = any($2)", kind.as_str(), subjects)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Result of one round of firing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fired {
    /// Timers that fired.
    pub timers: usize,
    /// How late the latest of them was, in milliseconds.
    pub latest_ms: i64,
}

// The clock stands in a subquery, which is evaluated once: a volatile function in the condition
// itself would be compared with every timer that waits, instead of with the index. The locked rows
// are deleted where they lie, for a join would be planned for as many rows as the limit allows and
// read the whole table.

/// Fires due timers, at most `limit`, each exactly once: the timer goes and its job comes in one
/// transaction. A timer of a kind that this version does not know stays for a scheduler that does.
pub async fn fire_due(pool: &Pool, limit: i64) -> Result<Fired> {
    let mut tx = pool.begin().await?;
    let due = sqlx::query!(
        r#"delete from timer t
           where t.ctid = any (array(
               select ctid from timer where fire_at <= (select clock_timestamp()) and kind = any($2)
               order by fire_at limit $1 for update skip locked))
           returning t.kind, t.subject, t.organization_id,
                     (extract(epoch from clock_timestamp() - t.fire_at) * 1000)::bigint as "late_ms!""#,
        limit,
        &known(),
    )
    .fetch_all(tx.conn())
    .await?;
    if due.is_empty() {
        return Ok(Fired::default());
    }
    let mut fired = Fired { timers: due.len(), latest_ms: 0 };
    let (mut ids, mut kinds, mut organizations, mut payloads, mut attempts) = (vec![], vec![], vec![], vec![], vec![]);
    for timer in due {
        let timer_kind = recognized("timer", &timer.kind, TimerKind::parse(&timer.kind))?;
        let kind = timer_kind.makes();
        ids.push(JobId::new().0);
        kinds.push(kind.as_str().to_owned());
        organizations.push(timer.organization_id);
        payloads.push(timer_kind.payload(timer.subject)?);
        attempts.push(kind.policy().max_attempts);
        fired.latest_ms = fired.latest_ms.max(timer.late_ms);
    }
    sqlx::query!(
        "insert into job (id, kind, organization_id, payload, max_attempts, run_at, created_at)
         select new.*, clock_timestamp(), clock_timestamp() from unnest($1::uuid[], $2::text[], $3::uuid[], $4::jsonb[], $5::int[]) as new",
        &ids,
        &kinds,
        &organizations,
        &payloads,
        &attempts,
    )
    .execute(tx.conn())
    .await?;
    tx.has_enqueued();
    tx.commit().await?;
    Ok(fired)
}

/// In how long the next timer is due by the database's clock, zero if one is; `None` when there is
/// none.
pub async fn next_in(pool: &Pool) -> Result<Option<Duration>> {
    let milliseconds = sqlx::query_scalar!(
        "select (ceil(extract(epoch from min(fire_at) - clock_timestamp()) * 1000))::bigint from timer where kind = any($1)",
        &known(),
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?;
    Ok(milliseconds.map(|milliseconds| Duration::from_millis(milliseconds.max(0).unsigned_abs())))
}

/// Returns the kinds that this version knows.
fn known() -> Vec<String> {
    TimerKind::ALL.into_iter().map(|kind| kind.as_str().to_owned()).collect()
}
