//! Recurring schedules: each tick is decided once, in the transaction that makes its job, whichever
//! scheduler gets there first.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use muster_domain::{
    engine::schedule::{
        CatchUp, CatchUpPolicy, CronExpression, Earlier, Note, Reckoning, Schedule, SkipReason, TickDecision, jitter,
    },
    ids::{JobId, OrganizationId},
    zone::Zone,
};
use muster_jobs::{Job, JobKind};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Pool, Result, Tx,
    db::error::{read_word, recognized},
};

/// A schedule with a next tick that is due, or not computed yet.
#[derive(Debug, Clone)]
pub struct DueSchedule {
    /// Its name.
    pub name: String,
    /// When it recurs; the error if that cannot be read.
    pub schedule: Result<Schedule, String>,
    /// The policy for missed ticks.
    pub catch_up: CatchUp,
    /// How late a tick may be and still be on time.
    pub grace: Duration,
    /// Every tick up to here is decided.
    pub decided_until: DateTime<Utc>,
    /// The database's clock.
    pub now: DateTime<Utc>,
    jitter: Duration,
    kind: String,
    payload: Value,
    organization_id: Option<OrganizationId>,
}

/// In how long the next tick is due by the database's clock, zero if one is or a schedule is new.
pub async fn next_in(pool: &Pool) -> Result<Option<Duration>> {
    let milliseconds = sqlx::query_scalar!(
        "select case when next_at is null then 0 else ceil(extract(epoch from next_at - clock_timestamp()) * 1000) end::float8
         from schedule where enabled and error is null and kind = any($1) order by next_at nulls first limit 1",
        &known(),
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?
    .flatten();
    Ok(milliseconds.map(|milliseconds| Duration::from_secs_f64((milliseconds / 1_000.0).clamp(0.0, 86_400.0))))
}

/// Takes schedules that are due, at most `limit`. Other schedulers skip them until this transaction
/// ends. A schedule of a kind of job that this version does not know stays for a scheduler that
/// does.
pub async fn take_due(tx: &mut Tx, limit: i64) -> Result<Vec<DueSchedule>> {
    let rows = sqlx::query!(
        r#"select name, organization_id, cron, zone, gap, overlap, catch_up, catch_up_at_most, grace_seconds, jitter_seconds, kind,
                  payload, decided_until, clock_timestamp() as "now!"
           from schedule
           where enabled and error is null and (next_at is null or next_at <= (select clock_timestamp())) and kind = any($2)
           order by next_at nulls first limit $1 for update skip locked"#,
        limit,
        &known(),
    )
    .fetch_all(tx.conn())
    .await?;
    let seconds = |seconds: i32| Duration::from_secs(seconds.unsigned_abs().into());
    rows.into_iter()
        .map(|row| {
            let catch_up = match read_word("schedule", &row.catch_up)? {
                CatchUpPolicy::Skip => CatchUp::Skip,
                CatchUpPolicy::All => CatchUp::All { at_most: row.catch_up_at_most.unsigned_abs() },
                CatchUpPolicy::Coalesce => CatchUp::Coalesce,
            };
            Ok(DueSchedule {
                schedule: schedule(&row.cron, &row.zone, &row.gap, &row.overlap),
                name: row.name,
                catch_up,
                grace: seconds(row.grace_seconds),
                decided_until: row.decided_until,
                now: row.now,
                jitter: seconds(row.jitter_seconds),
                kind: row.kind,
                payload: row.payload,
                organization_id: row.organization_id.map(OrganizationId),
            })
        })
        .collect()
}

pub(crate) fn schedule(cron: &str, zone: &str, gap: &str, overlap: &str) -> Result<Schedule, String> {
    Ok(Schedule {
        cron: CronExpression::parse(cron).map_err(|error| error.to_string())?,
        zone: Zone::parse(zone).map_err(|error| error.to_string())?,
        gap: gap.parse().map_err(|error| format!("{error}"))?,
        overlap: overlap.parse().map_err(|error| format!("{error}"))?,
    })
}

/// A tick's row.
#[derive(Default)]
struct Rows {
    planned_at: Vec<DateTime<Utc>>,
    planned_until: Vec<DateTime<Utc>>,
    local: Vec<NaiveDateTime>,
    note: Vec<String>,
    fate: Vec<String>,
    why: Vec<Option<String>>,
    late_ms: Vec<Option<i64>>,
    coalesced_into: Vec<Option<DateTime<Utc>>>,
    job_id: Vec<Option<Uuid>>,
    ticks: Vec<i64>,
}

impl Rows {
    fn of(reckoning: &Reckoning, zone: &Zone) -> Self {
        let mut rows = Self::default();
        if let Some(Earlier { first, last, count, fate }) = reckoning.earlier {
            rows.push(first, last, zone.local(first), Note::Plain, fate, i64::try_from(count).unwrap_or(i64::MAX));
        }
        for tick in &reckoning.ticks {
            rows.push(tick.fire.at, tick.fire.at, tick.fire.local, tick.fire.note, tick.fate, 1);
        }
        rows
    }

    fn push(
        &mut self,
        at: DateTime<Utc>,
        until: DateTime<Utc>,
        local: NaiveDateTime,
        note: Note,
        fate: TickDecision,
        ticks: i64,
    ) {
        let (why, late_ms, into) = match fate {
            TickDecision::Fired => (None, None, None),
            TickDecision::Late { by } => (None, Some(by.num_milliseconds()), None),
            TickDecision::Coalesced { into } => (None, None, Some(into)),
            TickDecision::Skipped { why } => (Some(why.as_str().to_owned()), None, None),
        };
        self.planned_at.push(at);
        self.planned_until.push(until);
        self.local.push(local);
        self.note.push(note.as_str().to_owned());
        self.fate.push(fate.fate().as_str().to_owned());
        self.why.push(why);
        self.late_ms.push(late_ms);
        self.coalesced_into.push(into);
        self.job_id.push(matches!(fate, TickDecision::Fired | TickDecision::Late { .. }).then(|| JobId::new().0));
        self.ticks.push(ticks);
    }
}

/// Writes the fate of a schedule's ticks, makes the jobs of those that fire, and sets its next due
/// time; returns how many fire.
pub async fn decide(
    tx: &mut Tx,
    due: &DueSchedule,
    schedule: &Schedule,
    reckoning: &Reckoning,
    next_at: Option<DateTime<Utc>>,
) -> Result<usize> {
    let kind = recognized("schedule", &due.kind, JobKind::parse(&due.kind))?;
    let rows = Rows::of(reckoning, &schedule.zone);
    sqlx::query!(
        "insert into tick (schedule, planned_at, planned_until, local, note, fate, why, late_ms, coalesced_into, job_id, ticks)
         select $1, new.* from unnest($2::timestamptz[], $3::timestamptz[], $4::timestamp[], $5::text[], $6::text[], $7::text[],
             $8::bigint[], $9::timestamptz[], $10::uuid[], $11::bigint[]) as new",
        due.name,
        &rows.planned_at,
        &rows.planned_until,
        &rows.local,
        &rows.note,
        &rows.fate,
        &rows.why as &[Option<String>],
        &rows.late_ms as &[Option<i64>],
        &rows.coalesced_into as &[Option<DateTime<Utc>>],
        &rows.job_id as &[Option<Uuid>],
        &rows.ticks,
    )
    .execute(tx.conn())
    .await?;
    let (ids, run_at): (Vec<_>, Vec<_>) = rows
        .job_id
        .iter()
        .zip(&rows.planned_at)
        .filter_map(|(id, at)| id.map(|id| (id, *at + jitter(&due.name, *at, due.jitter))))
        .unzip();
    sqlx::query!(
        "insert into job (id, kind, organization_id, payload, max_attempts, run_at)
         select new.id, $1, $2, $3, $4, new.run_at from unnest($5::uuid[], $6::timestamptz[]) as new (id, run_at)",
        kind.as_str(),
        due.organization_id.map(|id| id.0),
        due.payload,
        kind.policy().max_attempts,
        &ids,
        &run_at,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update schedule set decided_until = greatest(decided_until, $2), next_at = $3 where name = $1",
        due.name,
        due.now,
        next_at,
    )
    .execute(tx.conn())
    .await?;
    if !ids.is_empty() {
        tx.has_enqueued();
    }
    Ok(ids.len())
}

/// Has the next tick of every schedule computed again. For a scheduler that starts: the rules of
/// its zones may be newer than those by which a tick was computed.
pub async fn compute_again(pool: &Pool) -> Result<u64> {
    let done =
        sqlx::query!("update schedule set next_at = null where enabled and error is null and next_at is not null")
            .execute(&mut *pool.connection().await?)
            .await?;
    Ok(done.rows_affected())
}

/// Returns the kinds of job that this version knows.
fn known() -> Vec<String> {
    JobKind::ALL.into_iter().map(|kind| kind.as_str().to_owned()).collect()
}

/// A recurring schedule to be made.
#[derive(Debug, Clone)]
pub struct NewSchedule<'a> {
    /// Its name; a schedule of this name is replaced.
    pub name: &'a str,
    /// Its tenant.
    pub organization_id: Option<OrganizationId>,
    /// When it recurs: an expression that has been read.
    pub cron: &'a str,
    /// The zone that it means, which has been read.
    pub zone: &'a str,
    /// How much later than planned its jobs may run, each schedule's differently.
    pub jitter: Duration,
}

/// Makes a schedule with ticks that enqueue this payload, from now on; one that is the same stays
/// as it is. Ticks of the one before that nobody has decided about are skipped, and the ledger says
/// so. The name of one that was removed is free; its ledger goes on.
pub async fn set<P: Job>(tx: &mut Tx, new: &NewSchedule<'_>, payload: &P) -> Result<()> {
    let before = sqlx::query!(
        r#"select cron, zone, gap, overlap, enabled, decided_until, retired_at, clock_timestamp() as "now!"
           from schedule where name = $1 for update"#,
        new.name
    )
    .fetch_optional(tx.conn())
    .await?;
    let changed = sqlx::query!(
        "insert into schedule (name, organization_id, cron, zone, kind, payload, jitter_seconds, decided_until, changed_at)
         select $1, $2, $3, $4, $5, $6, $7, at, at from (select coalesce($8::timestamptz, clock_timestamp()) as at) as now
         on conflict (name) do update
         set organization_id = excluded.organization_id, cron = excluded.cron, zone = excluded.zone, kind = excluded.kind,
             payload = excluded.payload, jitter_seconds = excluded.jitter_seconds, decided_until = excluded.decided_until,
             next_at = null, error = null, changed_at = excluded.changed_at, enabled = schedule.enabled or schedule.retired_at is not null,
             retired_at = null
         where schedule.retired_at is not null or (schedule.organization_id, schedule.cron, schedule.zone, schedule.kind, schedule.payload, schedule.jitter_seconds)
             is distinct from (excluded.organization_id, excluded.cron, excluded.zone, excluded.kind, excluded.payload, excluded.jitter_seconds)",
        new.name,
        new.organization_id.map(|id| id.0),
        new.cron,
        new.zone,
        P::NAME,
        muster_jobs::payload::write(payload)?,
        i32::try_from(new.jitter.as_secs()).unwrap_or(i32::MAX),
        before.as_ref().map(|before| before.now),
    )
    .execute(tx.conn())
    .await?;
    // One that was removed had no ticks that anybody was to decide about.
    let before = before.filter(|before| changed.rows_affected() == 1 && before.retired_at.is_none());
    let Some(before) = before else { return Ok(()) };
    if let Ok(schedule) = schedule(&before.cron, &before.zone, &before.gap, &before.overlap) {
        skip_undecided(tx, new.name, &schedule, before.decided_until, before.now, why_skipped(before.enabled)).await?;
    }
    Ok(())
}

/// Ticks that are counted at most when a schedule is changed; a scheduler that was away for so many
/// is a story of its own.
const MOST_SKIPPED: usize = 1_000_000;

/// Why nobody decides about ticks any more that were before a change of their schedule.
pub(super) const fn why_skipped(was_enabled: bool) -> SkipReason {
    if was_enabled { SkipReason::Changed } else { SkipReason::Disabled }
}

/// One row for the ticks up to now that nobody has decided about, because the schedule is another
/// one from now on.
pub(super) async fn skip_undecided(
    tx: &mut Tx,
    name: &str,
    schedule: &Schedule,
    decided_until: DateTime<Utc>,
    now: DateTime<Utc>,
    why: SkipReason,
) -> Result<()> {
    let fires = schedule.fires_after(decided_until).map(|fire| fire.at);
    let mut fires = fires.take_while(|at| *at <= now).take(MOST_SKIPPED);
    let Some(first) = fires.next() else { return Ok(()) };
    let (count, last) = fires.fold((1_i64, first), |(count, _), at| (count + 1, at));
    sqlx::query!(
        "insert into tick (schedule, planned_at, planned_until, local, note, fate, why, ticks)
         values ($1, $2, $3, $4, 'plain', 'skipped', $6, $5)",
        name,
        first,
        last,
        schedule.zone.local(first),
        count,
        why.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a schedule, if there is one. Its ledger stays for as long as ticks are kept, and ticks that
/// nobody has decided about are skipped as `removed` (engine promise J11).
pub async fn remove(tx: &mut Tx, name: &str) -> Result<()> {
    let before = sqlx::query!(
        r#"select cron, zone, gap, overlap, enabled, decided_until, clock_timestamp() as "now!"
           from schedule where name = $1 and retired_at is null for update"#,
        name
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(before) = before else { return Ok(()) };
    if let Ok(schedule) = schedule(&before.cron, &before.zone, &before.gap, &before.overlap) {
        let why = if before.enabled { SkipReason::Removed } else { SkipReason::Disabled };
        skip_undecided(tx, name, &schedule, before.decided_until, before.now, why).await?;
    }
    sqlx::query!(
        "update schedule set enabled = false, retired_at = $2, decided_until = $2, changed_at = $2, next_at = null, error = null
         where name = $1",
        name,
        before.now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes a schedule out of service because it cannot be read, and keeps the reason; the next change
/// clears the error.
pub async fn refuse(tx: &mut Tx, name: &str, error: &str) -> Result<()> {
    sqlx::query!("update schedule set error = $2, next_at = null where name = $1", name, error)
        .execute(tx.conn())
        .await?;
    Ok(())
}
