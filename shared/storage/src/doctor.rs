//! Findings of `muster doctor` in the tables, and the repairs that are safe.

use std::time::Duration;

use muster_domain::ids::MessageId;
use muster_jobs::kinds;

use crate::{
    Pool, Result,
    engine::{
        enqueue::{JobOrder, Origin, enqueue_all},
        history::AUDITED,
        sweep,
    },
    sending::{self, MissingTimers},
};

/// Returns whether the database has no tables.
pub async fn is_empty(pool: &Pool) -> Result<bool> {
    let empty = sqlx::query_scalar!(
        r#"select not exists (select from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')) as "empty!""#
    );
    Ok(empty.fetch_one(&mut *pool.connection().await?).await?)
}

/// Something that should not be there, and how often it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its kind, as a stable word.
    pub what: &'static str,
    /// In a sentence.
    pub means: &'static str,
    /// How many.
    pub count: i64,
    /// `--repair` mends it.
    pub repairable: bool,
}

/// A published job that nobody claims for so long is worth a word; publishing it again is harmless
/// (engine promise J3).
const UNCLAIMED: Duration = Duration::from_mins(15);

/// Looks for figures that do not add up. Bounded look-ups by index, except for the conservation of
/// messages.
pub async fn audit(pool: &Pool) -> Result<Vec<Finding>> {
    let counts = sqlx::query_as!(
        Counts,
        r#"select
            (select count(*) from job where state = 'running' and lease_until < clock_timestamp() - interval '1 minute') as "expired!",
            (select count(*) from job where state = 'published' and published_at < clock_timestamp() - interval '15 minutes') as "unclaimed!",
            (select count(*) from job j where state = 'pending' and not blocked and run_at < clock_timestamp() - interval '15 minutes'
                and not exists (select from job_policy p where p.paused and p.kind in (j.kind, '*')
                                and p.organization_id in (tenant(null), tenant(j.organization_id)))) as "unrelayed!",
            (select count(*) from job j where blocked and state = 'pending' and not exists (
                select from job e where e.order_key = j.order_key and e.position < j.position
                    and e.state in ('pending', 'published', 'running'))) as "blocked_heads!",
            (select count(*) from job_unique u where not exists (
                select from job j where j.id = u.job_id and j.state in ('pending', 'published'))) as "orphan_keys!",
            (select count(*) from job where state = 'parked') as "parked!",
            (select count(*) from dead_letter) as "dead_letters!",
            (select count(*) from schedule where error is not null) as "broken_schedules!",
            (select count(*) from timer where fire_at < clock_timestamp() - interval '15 minutes') as "overdue_timers!",
            (select count(*) from tick t where t.job_id is not null and t.decided_at > clock_timestamp() - interval '1 day'
                and not exists (select from job j where j.id = t.job_id)) as "ticks_without_job!",
            (select count(*) from message m where m.state = 'queued' and not exists (
                select from job j where j.id = m.send_job_id and j.state <> 'succeeded')
                and m.send_job_id >= coalesce((select id from job order by id limit 1), m.send_job_id)) as "orphan_messages!",
            (select count(*) from message m left join job j on j.id = m.send_job_id where m.state = 'queued'
                and (j.state = 'cancelled' or (j.id is null and m.send_job_id < (select id from job order by id limit 1)))) as "called_off_messages!",
            (select count(*) from unnest('{job,message,message_event}'::text[]) as t (parent) where to_regclass(
                format('%s_%s', parent, to_char((now() at time zone 'UTC') + interval '1 month', 'YYYY_MM'))) is null) as "missing_partitions!",
            ((select count(*) from (select from job_default limit 1000) j)
                + (select count(*) from (select from message_default limit 1000) m)
                + (select count(*) from (select from message_event_default limit 1000) e)) as "in_default!""#
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?;
    Ok(counts.findings().into_iter().filter(|finding| finding.count > 0).collect())
}

/// Rows that are not as they should be, by kind.
struct Counts {
    expired: i64,
    unclaimed: i64,
    unrelayed: i64,
    blocked_heads: i64,
    orphan_keys: i64,
    parked: i64,
    dead_letters: i64,
    broken_schedules: i64,
    overdue_timers: i64,
    ticks_without_job: i64,
    orphan_messages: i64,
    called_off_messages: i64,
    missing_partitions: i64,
    in_default: i64,
}

impl Counts {
    /// Returns a finding of each kind, also of those that have no rows.
    fn findings(&self) -> [Finding; 14] {
        let finding = |what, means, count, repairable| Finding { what, means, count, repairable };
        [
            finding(
                "lease_expired",
                "running jobs whose lease ran out over a minute ago: nobody sweeps, neither a scheduler nor the schedule `engine-sweep`",
                self.expired,
                true,
            ),
            finding(
                "unclaimed",
                "published jobs that nobody claimed for 15 minutes: no worker, or far behind",
                self.unclaimed,
                true,
            ),
            finding(
                "unrelayed",
                "due jobs that nobody published for 15 minutes: no scheduler, no broker, or far behind",
                self.unrelayed,
                false,
            ),
            finding("blocked_head", "jobs that are first in their order and blocked", self.blocked_heads, true),
            finding("orphan_key", "unique keys of jobs that do not wait", self.orphan_keys, true),
            finding(
                "parked",
                "parked jobs: look at their errors, then retry, replay or cancel them",
                self.parked,
                false,
            ),
            finding("dead_letter", "messages of the broker that could not be decoded", self.dead_letters, false),
            finding("broken_schedule", "schedules that cannot be read", self.broken_schedules, false),
            finding(
                "overdue_timer",
                "timers that nobody fired for 15 minutes: no scheduler, or none that knows their kind",
                self.overdue_timers,
                false,
            ),
            finding("tick_without_job", "ticks that fired and have no job", self.ticks_without_job, false),
            finding("orphan_message", "queued messages whose send job is over", self.orphan_messages, true),
            finding(
                "called_off_message",
                "queued messages whose send job was cancelled: they go when it is retried, and stay if it has been dropped by age",
                self.called_off_messages,
                false,
            ),
            finding(
                "missing_partition",
                "tables without a partition for the next month: the schedule `partitions` does not run, or its rows are in the default partition",
                self.missing_partitions,
                false,
            ),
            finding(
                "default_partition",
                "rows (of up to 1,000 a table) in default partitions: no scheduler ran for months, or a machine's clock is months ahead",
                self.in_default,
                false,
            ),
        ]
    }
}

/// Texts of which nobody knows whether the carrier has them, though it is not asked about them any
/// more (rule S2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// How many.
    pub count: i64,
    /// The first of them.
    pub first: Vec<MessageId>,
}

/// Looks for texts that were handed over in the last eight days and have been unknown for longer
/// than 24 hours; names three at most. Nothing can be mended about them: older ones are for the
/// goal's figures.
pub async fn unknown_messages(pool: &Pool) -> Result<Unknown> {
    let row = sqlx::query!(
        r#"select count(*) as "count!", coalesce((array_agg(id order by id))[:3], '{}') as "first!"
           from message
           where state = 'unknown' and handed_over_at < clock_timestamp() - interval '24 hours'
             and handed_over_at > clock_timestamp() - interval '8 days'"#
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?;
    Ok(Unknown { count: row.count, first: row.first.into_iter().map(MessageId).collect() })
}

/// The jobs that were made in the last day, by their outcome. They are all that were enqueued only
/// as long as Postgres refuses to delete any (the triggers `job_stays` and `job_is_kept`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Jobs {
    /// Made.
    pub enqueued: i64,
    /// Done.
    pub succeeded: i64,
    /// Given up.
    pub parked: i64,
    /// Called off.
    pub cancelled: i64,
    /// Waiting, published or running.
    pub live: i64,
    /// Tables of jobs with rows that could be deleted one by one or all at once, because a trigger
    /// that refuses it is missing or off.
    pub unguarded: i64,
}

/// Counts the last day's jobs.
pub async fn jobs(pool: &Pool) -> Result<Jobs> {
    let row = sqlx::query!(
        r#"select count(*) as "enqueued!", count(*) filter (where state = 'succeeded') as "succeeded!",
                  count(*) filter (where state = 'parked') as "parked!", count(*) filter (where state = 'cancelled') as "cancelled!",
                  count(*) filter (where state in ('pending', 'published', 'running')) as "live!",
                  (select count(*) from pg_class c
                   where (c.oid = 'job'::regclass or c.oid in (select inhrelid from pg_inherits where inhparent = 'job'::regclass))
                     and (select count(*) from pg_trigger t where t.tgrelid = c.oid and t.tgname in ('job_stays', 'job_is_kept')
                          and t.tgenabled in ('O', 'A')) < 2) as "unguarded!"
           from job where id >= uuid_v7_floor(now() - interval '1 day')"#
    )
    .fetch_one(&mut *pool.connection().await?)
    .await?;
    Ok(Jobs {
        enqueued: row.enqueued,
        succeeded: row.succeeded,
        parked: row.parked,
        cancelled: row.cancelled,
        live: row.live,
        unguarded: row.unguarded,
    })
}

/// Returns the fate of every enabled schedule's ticks in the last two days, or since it was
/// changed, up to where they are decided.
pub async fn ticks(pool: &Pool) -> Result<Vec<Ledger>> {
    let rows = sqlx::query!(
        r#"with audited as (
               select s.name, s.cron, s.zone, s.gap, s.overlap, s.decided_until,
                      -- Not from within a run of ticks that share a row.
                      coalesce((select t.planned_until from tick t
                                where t.schedule = s.name and t.planned_at <= b.begins and t.planned_until > b.begins), b.begins) as after
               from schedule s, greatest(s.changed_at, s.decided_until - make_interval(secs => $1)) as b (begins)
               where s.enabled and s.error is null
           )
           select a.name, a.cron, a.zone, a.gap, a.overlap, a.after as "after!", a.decided_until as "until!",
                  coalesce(sum(t.ticks) filter (where t.fate in ('fired', 'late')), 0)::bigint as "fired!",
                  coalesce(sum(t.ticks) filter (where t.fate = 'coalesced'), 0)::bigint as "coalesced!",
                  coalesce(sum(t.ticks) filter (where t.fate = 'skipped'), 0)::bigint as "skipped!"
           from audited a left join tick t on t.schedule = a.name and t.planned_at > a.after and t.planned_at <= a.decided_until
           group by a.name, a.cron, a.zone, a.gap, a.overlap, a.after, a.decided_until order by a.name"#,
        AUDITED.as_secs_f64(),
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Ledger {
            schedule: crate::engine::schedules::schedule(&row.cron, &row.zone, &row.gap, &row.overlap),
            name: row.name,
            after: row.after,
            until: row.until,
            fired: row.fired,
            coalesced: row.coalesced,
            skipped: row.skipped,
        })
        .collect())
}

/// The ticks of a schedule over some time.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// Its name.
    pub name: String,
    /// When it recurs.
    pub schedule: Result<muster_domain::engine::schedule::Schedule, String>,
    /// Ticks after this are in it.
    pub after: chrono::DateTime<chrono::Utc>,
    /// Ticks up to this are in it: all that are decided.
    pub until: chrono::DateTime<chrono::Utc>,
    /// Fired, on time or late.
    pub fired: i64,
    /// Covered by another.
    pub coalesced: i64,
    /// Not fired.
    pub skipped: i64,
}

/// Repairs made: the word of a [`Finding`], and how many.
pub type Mended = Vec<(&'static str, u64)>;

/// Mends all that can be mended without losing or repeating anything.
pub async fn repair(pool: &Pool, reconcile_after: Duration) -> Result<Mended> {
    let mut expired = 0;
    loop {
        match sweep::return_expired(pool).await?.len() {
            0 => break,
            more => expired += more as u64,
        }
    }
    let mut unclaimed = 0;
    loop {
        match sweep::republish_unclaimed(pool, UNCLAIMED).await? {
            0 => break,
            more => unclaimed += more,
        }
    }
    let mut tx = pool.begin().await?;
    let heads = sqlx::query!(
        "update job j set blocked = false where blocked and state = 'pending' and not exists (
             select from job e where e.order_key = j.order_key and e.position < j.position
                 and e.state in ('pending', 'published', 'running'))"
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    let keys = sqlx::query!(
        "delete from job_unique u where not exists (select from job j where j.id = u.job_id and j.state in ('pending', 'published'))"
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    let MissingTimers { unsettled, held } = sending::set_missing_timers(&mut tx, reconcile_after).await?;
    tx.commit().await?;
    let orphans = adopt_orphans(pool).await?;
    let mended = [
        ("lease_expired", expired),
        ("unclaimed", unclaimed),
        ("blocked_head", heads),
        ("orphan_key", keys),
        ("missing_timer", unsettled + held),
        ("orphan_message", orphans),
    ];
    Ok(mended.into_iter().filter(|(_, count)| *count > 0).collect())
}

/// Gives queued messages with a send job that is over another one; returns how many. A queued
/// message was never handed over (rule S1), so that another job may do it. Messages of a job that
/// was parked or cancelled stay with it: their fate is an operator's decision. So do messages of a
/// job in a month that was dropped since: they were called off long ago.
async fn adopt_orphans(pool: &Pool) -> Result<u64> {
    let mut adopted = 0;
    loop {
        let mut tx = pool.begin().await?;
        let job = muster_domain::ids::JobId::new();
        let taken = sqlx::query_scalar!(
            "with orphan as (
                 select m.id, m.organization_id, m.group_id from message m where m.state = 'queued' and not exists (
                     select from job j where j.id = m.send_job_id and j.state <> 'succeeded')
                     and m.send_job_id >= coalesce((select id from job order by id limit 1), m.send_job_id)
                 order by m.group_id, m.id limit 100 for update skip locked
             )
             update message m set send_job_id = $1, send_epoch = null from orphan o
             where m.id = o.id and o.group_id = (select group_id from orphan order by group_id, id limit 1)
             returning m.organization_id",
            job.0,
        )
        .fetch_all(tx.conn())
        .await?;
        let Some(organization_id) = taken.first() else { return Ok(adopted) };
        adopted += taken.len() as u64;
        let organization_id = Some(muster_domain::ids::OrganizationId(*organization_id));
        let origin = Origin { organization_id, traceparent: None };
        enqueue_all(&mut tx, &[(job, &kinds::Send {})], JobOrder::Ordinary, &origin).await?;
        tx.commit().await?;
    }
}
