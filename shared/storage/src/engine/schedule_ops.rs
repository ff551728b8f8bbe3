//! Operators' verbs on recurring schedules: look at them and their ticks, switch them off and on,
//! and change when they recur.

use chrono::{DateTime, Utc};
use muster_domain::{
    engine::schedule::{CatchUpPolicy, Gap, Overlap, SkipReason, TickFate},
    ids::JobId,
};
use muster_jobs::JobKind;

use super::schedules::{schedule, skip_undecided, why_skipped};
use crate::{
    Page, Pool, Result,
    db::error::{read_word, recognized},
};

/// A schedule, its policies, and the fate of its last tick.
#[derive(Debug, Clone)]
pub struct ScheduleSummary {
    /// Its name.
    pub name: String,
    /// When it recurs.
    pub cron: String,
    /// Zone of its wall-clock times.
    pub zone: String,
    /// For a local time that does not exist.
    pub gap: Gap,
    /// For one that happens twice.
    pub overlap: Overlap,
    /// After an outage.
    pub catch_up: CatchUpPolicy,
    /// Its jobs run up to so much later.
    pub jitter_seconds: i32,
    /// Switched on.
    pub enabled: bool,
    /// Since when it is removed, of which only its ticks are left.
    pub removed_at: Option<DateTime<Utc>>,
    /// Why it is out of service.
    pub error: Option<String>,
    /// Kind of its jobs.
    pub kind: String,
    /// The next tick.
    pub next_at: Option<DateTime<Utc>>,
    /// The last planned tick that was decided about.
    pub last: Option<LastTick>,
}

/// The last tick of a schedule that was decided about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastTick {
    /// When it was planned.
    pub planned_at: DateTime<Utc>,
    /// Its fate.
    pub fate: TickFate,
}

/// Choice of schedules.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScheduleFilter<'a> {
    /// Removed ones too.
    pub with_removed: bool,
    /// The one of this name.
    pub name: Option<&'a str>,
}

/// Returns a page of the schedules that a filter means, by name.
pub async fn list(pool: &Pool, filter: ScheduleFilter<'_>, page: Page<&str>) -> Result<Vec<ScheduleSummary>> {
    let rows = sqlx::query!(
        r#"select s.name, s.cron, s.zone, s.gap, s.overlap, s.catch_up, s.jitter_seconds, s.enabled, s.retired_at, s.error, s.kind,
                  s.next_at, t.planned_until as "last?", t.fate as "fate?"
           from schedule s left join lateral (
               select planned_until, fate from tick where schedule = s.name order by planned_at desc limit 1) t on true
           where ($1 or s.retired_at is null) and ($2::text is null or s.name = $2) and ($3::text is null or s.name > $3)
           order by s.name limit $4"#,
        filter.with_removed,
        filter.name,
        page.after,
        page.limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            let last = match row.last.zip(row.fate) {
                Some((planned_at, fate)) => Some(LastTick { planned_at, fate: read_word("tick", &fate)? }),
                None => None,
            };
            Ok(ScheduleSummary {
                name: row.name,
                cron: row.cron,
                zone: row.zone,
                gap: read_word("schedule", &row.gap)?,
                overlap: read_word("schedule", &row.overlap)?,
                catch_up: read_word("schedule", &row.catch_up)?,
                jitter_seconds: row.jitter_seconds,
                enabled: row.enabled,
                removed_at: row.retired_at,
                error: row.error,
                kind: row.kind,
                next_at: row.next_at,
                last,
            })
        })
        .collect()
}

/// A row of the ledger of ticks.
#[derive(Debug, Clone)]
pub struct Tick {
    /// The planned instant.
    pub planned_at: DateTime<Utc>,
    /// The last planned instant, where several ticks share the row.
    pub planned_until: DateTime<Utc>,
    /// How many.
    pub ticks: i64,
    /// Its fate.
    pub fate: TickFate,
    /// Why it was skipped.
    pub why: Option<SkipReason>,
    /// How late it was.
    pub late_ms: Option<i64>,
    /// The job that it made.
    pub job_id: Option<uuid::Uuid>,
}

/// Returns a page of a schedule's ticks by their planned instants, the newest first.
pub async fn ticks(pool: &Pool, name: &str, page: Page<DateTime<Utc>>) -> Result<Vec<Tick>> {
    let rows = sqlx::query!(
        "select planned_at, planned_until, ticks, fate, why, late_ms, job_id from tick
         where schedule = $1 and ($2::timestamptz is null or planned_at < $2) order by planned_at desc limit $3",
        name,
        page.after,
        page.limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Tick {
                planned_at: row.planned_at,
                planned_until: row.planned_until,
                ticks: row.ticks,
                fate: read_word("tick", &row.fate)?,
                why: row.why.map(|why| read_word("tick", &why)).transpose()?,
                late_ms: row.late_ms,
                job_id: row.job_id,
            })
        })
        .collect()
}

/// Makes a job of a schedule now, beside its ticks; returns which, none where there is no schedule
/// of this name. The ledger of ticks has planned ones alone.
pub async fn run_now(pool: &Pool, name: &str, traceparent: Option<&str>) -> Result<Option<JobId>> {
    let mut tx = pool.begin().await?;
    let schedule = sqlx::query!(
        "select kind, payload, organization_id from schedule where name = $1 and retired_at is null for share",
        name
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(schedule) = schedule else { return Ok(None) };
    let kind = recognized("schedule", &schedule.kind, JobKind::parse(&schedule.kind))?;
    let id = JobId::new();
    sqlx::query!(
        "insert into job (id, kind, organization_id, payload, max_attempts, traceparent) values ($1, $2, $3, $4, $5, $6)",
        id.0,
        kind.as_str(),
        schedule.organization_id,
        schedule.payload,
        kind.policy().max_attempts,
        traceparent,
    )
    .execute(tx.conn())
    .await?;
    tx.has_enqueued();
    tx.names("job", &[id.0], schedule.organization_id);
    tx.commit().await?;
    Ok(Some(id))
}

/// An operator's change of a schedule; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// When it recurs: an expression that has been read.
    pub cron: Option<String>,
    /// Zone of its wall-clock times: one that has been read.
    pub zone: Option<String>,
    /// For a local time that does not exist.
    pub gap: Option<Gap>,
    /// For one that happens twice.
    pub overlap: Option<Overlap>,
    /// After an outage.
    pub catch_up: Option<CatchUpPolicy>,
    /// Its jobs run up to so much later.
    pub jitter_seconds: Option<i32>,
    /// Switched on or off.
    pub enabled: Option<bool>,
}

/// Changes a schedule from now on; false when there is none of this name. Ticks that nobody has
/// decided about are skipped, and the ledger says why: those while it was off as `disabled`, others
/// as `changed`.
pub async fn edit(pool: &Pool, name: &str, edit: &Edit) -> Result<bool> {
    let mut tx = pool.begin().await?;
    let before = sqlx::query!(
        r#"select organization_id, cron, zone, gap, overlap, enabled, decided_until, clock_timestamp() as "now!"
           from schedule where name = $1 and retired_at is null for update"#,
        name
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(before) = before else { return Ok(false) };
    if let Ok(schedule) = schedule(&before.cron, &before.zone, &before.gap, &before.overlap) {
        let why = why_skipped(before.enabled);
        skip_undecided(&mut tx, name, &schedule, before.decided_until, before.now, why).await?;
    }
    sqlx::query!(
        "update schedule set cron = coalesce($2, cron), zone = coalesce($3, zone), gap = coalesce($4, gap),
             overlap = coalesce($5, overlap), catch_up = coalesce($6, catch_up), jitter_seconds = coalesce($7, jitter_seconds),
             enabled = coalesce($8, enabled), decided_until = $9, changed_at = $9, next_at = null, error = null
         where name = $1",
        name,
        edit.cron,
        edit.zone,
        edit.gap.map(Gap::as_str),
        edit.overlap.map(Overlap::as_str),
        edit.catch_up.map(CatchUpPolicy::as_str),
        edit.jitter_seconds,
        edit.enabled,
        before.now,
    )
    .execute(tx.conn())
    .await?;
    tx.names("schedule", &[], before.organization_id);
    tx.commit().await?;
    Ok(true)
}
