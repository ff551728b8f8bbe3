//! Figures of the whole installation for operators: work that waits, its age and speed, and texts
//! that are kept back. One scheduler, the first to come, takes them every [`INTERVAL`]; all tell
//! them.
//!
//! Each statement looks at a bounded number of rows ([`LOOKED_AT`]) by an index, however large the
//! tables are. A figure that has come to the bound means "as many or more". Labels are kinds,
//! states, reasons, roles and carriers, never tenants (rule R5). `minutes` keeps some for a day.

pub mod minutes;

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use crate::{Pool, Result, Tx};

/// Time between two looks.
pub const INTERVAL: Duration = Duration::from_secs(10);
/// Rows that a statement counts at most.
pub const LOOKED_AT: i64 = 1_000_000;
/// Rows that a statement reads at most where its index lacks the column that it counts by.
const READ: i64 = 100_000;

/// A gauge's name without its prefix, and its meaning.
#[derive(Debug, Clone, Copy)]
pub struct Gauge {
    /// Such as `jobs_due`.
    pub name: &'static str,
    /// In a sentence.
    pub help: &'static str,
}

macro_rules! gauges {
    ($($constant:ident = $name:literal, $help:literal;)+) => {
        $(
            #[doc = $help]
            pub const $constant: Gauge = Gauge { name: $name, help: $help };
        )+
        /// Every gauge, in the order in which they are told.
        pub const GAUGES: &[Gauge] = &[$($constant),+];
    };
}

gauges! {
    JOBS = "engine_jobs", "Jobs that are not over, by kind and state; blocked ones wait for an earlier job of their order key";
    DUE = "engine_jobs_due", "Jobs that could run now and wait for the broker or a worker, by kind";
    OLDEST_DUE = "engine_oldest_due_seconds", "Time for which the job that waits longest could have run, by kind";
    DONE = "engine_jobs_done_per_minute", "Jobs that succeeded within the last minute, by kind";
    DRAIN = "engine_drain_seconds", "Time until the due jobs are done at the last minute's speed, by kind; without a speed there is none";
    TIMERS_DUE = "engine_timers_due", "Timers that are due and have not fired";
    OLDEST_TIMER = "engine_oldest_timer_seconds", "Lateness of the timer that is due for the longest time";
    TICKS_OVERDUE = "engine_schedules_overdue", "Schedules whose next tick is more than a minute overdue";
    SCHEDULES_BROKEN = "engine_schedules_broken", "Schedules whose expression cannot be read";
    DEAD_LETTERS = "engine_dead_letters", "Messages of the broker that could not be decoded";
    PROCESSES = "processes", "Processes with a heartbeat within the last 30 seconds, by role";
    MESSAGES = "messages_waiting", "Texts that were not handed over for certain, by state";
    HELD = "messages_held", "Texts that are held, by reason";
    REPLIES = "replies_waiting", "Conversations with unread texts of contacts";
    OLDEST_REPLY = "replies_oldest_seconds", "Age of the unread text that waits longest";
    CAP_USED = "cap_segments_used", "Segments reserved or settled on the carrier's latest day, all brands, by carrier";
    RECEIPTS = "receipts_waiting", "Receipts of the carrier that wait to be applied";
}

/// One value of a gauge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The gauge's name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The value, in the unit that the name ends with.
    pub value: f64,
}

/// Figures under way.
#[derive(Debug, Default)]
struct Figures(Vec<Figure>);

impl Figures {
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    fn count(&mut self, gauge: Gauge, labels: &[(&str, &str)], count: i64) {
        self.put(gauge, labels, count as f64);
    }

    fn put(&mut self, gauge: Gauge, labels: &[(&str, &str)], value: f64) {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.0.push(Figure { name: gauge.name.to_owned(), labels, value });
    }
}

/// Takes the figures if none has for [`INTERVAL`]; returns whether they were taken. Processes that
/// ask meanwhile get false and wait for nothing.
pub async fn take_if_due(pool: &Pool) -> Result<bool> {
    let claimed = sqlx::query_scalar!(
        "update figures set claimed_at = clock_timestamp()
         where claimed_at <= clock_timestamp() - make_interval(secs => $1)
         returning id",
        INTERVAL.as_secs_f64(),
    )
    .fetch_optional(&mut *pool.connection().await?)
    .await?;
    if claimed.is_none() {
        return Ok(false);
    }
    let mut figures = Figures::default();
    let mut tx = pool.begin().await?;
    jobs(&mut tx, &mut figures).await?;
    engine(&mut tx, &mut figures).await?;
    texts(&mut tx, &mut figures).await?;
    minutes::keep(&mut tx, &figures.0).await?;
    sqlx::query!("update figures set taken_at = clock_timestamp(), figures = $1", Json(figures.0) as _)
        .execute(tx.conn())
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// The latest figures.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// When they were taken; none before the first were.
    pub at: Option<DateTime<Utc>>,
    /// The figures.
    pub figures: Vec<Figure>,
}

impl Taken {
    /// Returns a gauge's value with exactly these labels.
    pub fn value(&self, gauge: Gauge, labels: &[(&str, &str)]) -> Option<f64> {
        let is = |figure: &&Figure| {
            figure.name == gauge.name
                && figure.labels.len() == labels.len()
                && labels.iter().all(|(name, value)| figure.labels.get(*name).is_some_and(|own| own == value))
        };
        self.figures.iter().find(is).map(|figure| figure.value)
    }
}

/// Returns the latest figures.
pub async fn latest(pool: &Pool) -> Result<Taken> {
    let row = sqlx::query!(r#"select taken_at, figures as "figures: Json<Vec<Figure>>" from figures"#)
        .fetch_optional(&mut *pool.connection().await?)
        .await?;
    Ok(row.map(|row| Taken { at: row.taken_at, figures: row.figures.0 }).unwrap_or_default())
}

async fn jobs(tx: &mut Tx, figures: &mut Figures) -> Result<()> {
    let waiting = sqlx::query!(
        r#"select coalesce(w.kind, d.kind) as "kind!", coalesce(w.pending, 0) as "pending!", coalesce(w.due, 0) as "due!",
               w.oldest, d.done as "done?"
           from (
               select kind, count(*) as pending, count(*) filter (where run_at <= clock_timestamp()) as due,
                   extract(epoch from clock_timestamp() - min(run_at))::float8 as oldest
               from (select kind, run_at from job where state = 'pending' and not blocked limit $1) j
               group by kind
           ) w
           full join (
               select kind, count(*) as done
               from (select kind from job where finished_at > clock_timestamp() - interval '1 minute' and state = 'succeeded'
                     limit $1) j
               group by kind
           ) d on d.kind = w.kind"#,
        LOOKED_AT,
    )
    .fetch_all(tx.conn())
    .await?;
    for row in waiting {
        let kind = [("kind", row.kind.as_str())];
        figures.count(JOBS, &[("kind", &row.kind), ("state", "pending")], row.pending);
        figures.count(DUE, &kind, row.due);
        figures.put(OLDEST_DUE, &kind, row.oldest.unwrap_or_default().max(0.0));
        figures.count(DONE, &kind, row.done.unwrap_or_default());
        if let Some(done @ 1..) = row.done {
            #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
            figures.put(DRAIN, &kind, row.due as f64 * 60.0 / done as f64);
        }
    }
    let others = sqlx::query!(
        r#"select kind as "kind!", state as "state!", count(*) as "count!"
           from (
               (select kind, state from job where state = 'published' limit $1)
               union all (select kind, state from job where state = 'running' limit $1)
               union all (select kind, state from job where state = 'parked' limit $1)
               union all (select kind, 'blocked' from job
                   where order_key is not null and state in ('pending', 'published', 'running') and blocked limit $1)
           ) j
           group by kind, state"#,
        READ,
    )
    .fetch_all(tx.conn())
    .await?;
    for row in others {
        figures.count(JOBS, &[("kind", &row.kind), ("state", &row.state)], row.count);
    }
    Ok(())
}

async fn engine(tx: &mut Tx, figures: &mut Figures) -> Result<()> {
    let row = sqlx::query!(
        r#"select
            (select count(*) from (select from timer where fire_at <= clock_timestamp() limit $1) t) as "timers!",
            (select extract(epoch from clock_timestamp() - min(fire_at))::float8 from timer
                where fire_at <= clock_timestamp()) as "timer",
            (select count(*) from schedule where enabled and error is null
                and next_at < clock_timestamp() - interval '1 minute') as "overdue!",
            (select count(*) from schedule where error is not null) as "broken!",
            (select count(*) from (select from dead_letter limit $1) d) as "dead!""#,
        LOOKED_AT,
    )
    .fetch_one(tx.conn())
    .await?;
    figures.count(TIMERS_DUE, &[], row.timers);
    figures.put(OLDEST_TIMER, &[], row.timer.unwrap_or_default());
    figures.count(TICKS_OVERDUE, &[], row.overdue);
    figures.count(SCHEDULES_BROKEN, &[], row.broken);
    figures.count(DEAD_LETTERS, &[], row.dead);
    let processes = sqlx::query!(
        r#"select role, count(*) as "count!" from process
           where seen_at > clock_timestamp() - interval '30 seconds' group by role"#
    )
    .fetch_all(tx.conn())
    .await?;
    for row in processes {
        figures.count(PROCESSES, &[("role", &row.role)], row.count);
    }
    Ok(())
}

async fn texts(tx: &mut Tx, figures: &mut Figures) -> Result<()> {
    let states = sqlx::query!(
        r#"select state as "state!", count(*) as "count!"
           from (select state from message where state in ('queued', 'sending', 'unknown') limit $1) m
           group by state"#,
        READ,
    )
    .fetch_all(tx.conn())
    .await?;
    for row in states {
        figures.count(MESSAGES, &[("state", &row.state)], row.count);
    }
    let held = sqlx::query!(
        r#"select reason as "reason!", count(*) as "count!"
           from (
               (select reason from message where state = 'held' and lane is null limit $1)
               union all (select reason from message where state = 'held' and lane is not null limit $1)
           ) m
           group by reason"#,
        READ,
    )
    .fetch_all(tx.conn())
    .await?;
    for row in held {
        figures.count(HELD, &[("reason", &row.reason)], row.count);
    }
    let row = sqlx::query!(
        r#"select count(*) as "replies!", extract(epoch from clock_timestamp() - min(unread_since))::float8 as oldest,
               (select count(*) from (select from receipt limit $1) r) as "receipts!"
           from (select unread_since from thread where unread_since is not null limit $1) t"#,
        LOOKED_AT,
    )
    .fetch_one(tx.conn())
    .await?;
    figures.count(REPLIES, &[], row.replies);
    figures.put(OLDEST_REPLY, &[], row.oldest.unwrap_or_default().max(0.0));
    figures.count(RECEIPTS, &[], row.receipts);
    let caps = sqlx::query!(
        r#"select l.carrier, sum(l.reserved + l.settled)::bigint as "used!"
           from cap_ledger l
           where l.day >= (clock_timestamp() at time zone 'America/Los_Angeles')::date
           group by l.carrier"#
    )
    .fetch_all(tx.conn())
    .await?;
    for row in caps {
        figures.count(CAP_USED, &[("carrier", &row.carrier)], row.used);
    }
    Ok(())
}
