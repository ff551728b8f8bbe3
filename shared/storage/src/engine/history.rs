//! The engine's records for operators, forgotten after a time: ticks, schedules that were removed,
//! messages that could not be decoded, acts on many jobs, and processes that are gone. Jobs leave
//! with their partitions (`partitions`).
//!
//! Each call forgets the oldest rows, no more than a bounded number, so that no transaction is
//! long.

use std::time::Duration;

use crate::{Result, Tx};

/// Rows that one call forgets at most: as many, and there are more.
pub const STEP: u64 = 10_000;

const STEP_LIMIT: i64 = STEP.cast_signed();

/// Ticks of this age at most are kept whole, because the doctor audits their ledger.
pub(crate) const AUDITED: Duration = Duration::from_hours(48);

/// Forgets ticks that were planned longer ago than `kept`. Ticks that the audit adds up stay,
/// however rarely a schedule ticks, and each schedule's last one. Of schedules that were removed
/// nothing is audited.
pub async fn forget_ticks(tx: &mut Tx, kept: Duration) -> Result<u64> {
    let done = sqlx::query!(
        "delete from tick t using (
             select old.schedule, old.planned_at
             from schedule s cross join lateral (
                 select o.schedule, o.planned_at from tick o
                 where o.schedule = s.name and o.planned_at < now() - make_interval(secs => $1)
                   and o.planned_until < least(now() - make_interval(secs => $1),
                         case when s.retired_at is null then s.decided_until - make_interval(secs => $2) end)
                   and exists (select from tick n where n.schedule = o.schedule and n.planned_at > o.planned_at)
                 order by o.planned_at limit $3
             ) old
             limit $3
         ) gone
         where t.schedule = gone.schedule and t.planned_at = gone.planned_at",
        kept.as_secs_f64(),
        AUDITED.as_secs_f64(),
        STEP_LIMIT,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Forgets schedules that were removed longer ago than `kept`, with the rest of their ticks: all of
/// these were planned before.
pub async fn forget_schedules(tx: &mut Tx, kept: Duration) -> Result<u64> {
    let done = sqlx::query!(
        "delete from schedule where name in (
             select s.name from schedule s
             where s.retired_at < now() - make_interval(secs => $1)
               -- The rest leaves in steps of its own.
               and not exists (select from tick t where t.schedule = s.name order by t.planned_at offset 1)
             order by s.retired_at limit $2)",
        kept.as_secs_f64(),
        STEP_LIMIT,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Forgets messages that could not be decoded and came longer ago than `kept`.
pub async fn forget_dead_letters(tx: &mut Tx, kept: Duration) -> Result<u64> {
    let done = sqlx::query!(
        "delete from dead_letter where id in (
             select id from dead_letter where id < uuid_v7_floor(now() - make_interval(secs => $1)) order by id limit $2)",
        kept.as_secs_f64(),
        STEP_LIMIT,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Forgets processes that have not said for longer than `kept` that they are alive.
pub async fn forget_processes(tx: &mut Tx, kept: Duration) -> Result<u64> {
    let done = sqlx::query!(
        "delete from process where name in (
             select name from process where seen_at < now() - make_interval(secs => $1) order by seen_at limit $2)",
        kept.as_secs_f64(),
        STEP_LIMIT,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Forgets acts on many jobs that have been over for longer than `kept`.
pub async fn forget_acts(tx: &mut Tx, kept: Duration) -> Result<u64> {
    let done = sqlx::query!(
        "delete from job_act where id in (
             select id from job_act where finished_at < now() - make_interval(secs => $1) order by id limit $2)",
        kept.as_secs_f64(),
        STEP_LIMIT,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
