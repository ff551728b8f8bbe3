//! The content of the tables, read when nothing moves any more.

use std::collections::BTreeMap;

use anyhow::Context as _;
use muster_local::Stack;
use serde::{Deserialize, de::DeserializeOwned};

use crate::campaign::moment::Moment;

/// Jobs, in the engine's table and in the rehearsal's ledger.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Jobs {
    pub(crate) enqueued: i64,
    /// Of the table, by state.
    pub(crate) states: BTreeMap<String, i64>,
    /// Enqueued, and not in the table any more.
    pub(crate) vanished: i64,
    pub(crate) completions: i64,
    pub(crate) completed_jobs: i64,
    /// Succeeded jobs without a completion, and the other way round.
    pub(crate) succeeded_unseen: i64,
    /// Jobs that were over and then were not.
    pub(crate) revived: i64,
    pub(crate) dead_letters: i64,
    /// Kind and last error of parked jobs.
    pub(crate) parked: Vec<String>,
    /// Jobs that were claimed more than once.
    pub(crate) claimed_again: i64,
}

/// A text that is not a contact's.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) goal: Option<String>,
    pub(crate) contact: String,
    /// The contact's number, which a redacted person has no more.
    pub(crate) to: Option<String>,
    pub(crate) sid: Option<String>,
    /// When it was last handed over, by the database's clock, in milliseconds.
    handed_over_ms: Option<i64>,
}

impl Message {
    pub(crate) fn handed_over_at(&self) -> Option<Moment> {
        self.handed_over_ms.map(Moment::from_millis)
    }

    /// Returns whether the carrier is said to have it.
    pub(crate) fn is_at_carrier(&self) -> bool {
        matches!(self.state.as_str(), "sent" | "delivered" | "undelivered")
    }
}

/// The ledger of a carrier day.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CapDay {
    pub(crate) day: String,
    pub(crate) daily_limit: i64,
    pub(crate) reserved: i64,
    pub(crate) settled: i64,
}

/// Contacts' texts.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Received {
    /// The carrier's id of each inbound message.
    pub(crate) messages: Vec<String>,
    /// Of each recorded webhook.
    pub(crate) webhooks: Vec<String>,
    pub(crate) unprocessed: i64,
    /// Receipts that were recorded and not applied.
    pub(crate) receipts_waiting: i64,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Timers {
    pub(crate) overdue: i64,
    pub(crate) waiting: i64,
}

/// Things of which there must be none, with how many there are.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Stray {
    pub(crate) what: String,
    pub(crate) count: i64,
}

/// Everything.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    pub(crate) jobs: Jobs,
    pub(crate) messages: Vec<Message>,
    pub(crate) caps: Vec<CapDay>,
    pub(crate) received: Received,
    pub(crate) batches: BTreeMap<String, i64>,
    pub(crate) targets: i64,
    pub(crate) strays: Vec<Stray>,
    pub(crate) timers: Timers,
}

const JOBS: &str = "select json_build_object(
    'enqueued', (select count(*) from rehearsal.enqueued),
    'states', (select coalesce(json_object_agg(state, jobs), '{}') from (select state, count(*) jobs from job group by 1) s),
    'vanished', (select count(*) from rehearsal.enqueued e where not exists (select from job where id = e.job_id)),
    'completions', (select count(*) from rehearsal.completed),
    'completed_jobs', (select count(distinct job_id) from rehearsal.completed),
    'succeeded_unseen', (select count(*) from (select id from job where state = 'succeeded') j
        full join (select distinct job_id from rehearsal.completed) c on c.job_id = j.id where j.id is null or c.job_id is null),
    'revived', (select count(*) from rehearsal.revived),
    'dead_letters', (select count(*) from dead_letter),
    'parked', (select coalesce(json_agg(kind || ': ' || coalesce(errors -> -1 ->> 'error', 'no error')), '[]') from job
        where state = 'parked'),
    'claimed_again', (select count(*) from job where epoch > 1))";

const MESSAGES: &str = "select coalesce(json_agg(m), '[]') from (
    select m.id, m.kind, m.state, m.reason, m.goal_id as goal, m.contact_id as contact, c.e164 as to, m.carrier_sid as sid,
        (extract(epoch from m.handed_over_at) * 1000)::bigint as handed_over_ms
    from message m join contact c on c.id = m.contact_id where m.kind <> 'inbound') m";

const CAPS: &str = "select coalesce(json_agg(c), '[]') from (
    select day::text, daily_limit, reserved, settled from cap_ledger order by day) c";

const RECEIVED: &str = "select json_build_object(
    'messages', (select coalesce(json_agg(carrier_sid), '[]') from message where kind = 'inbound'),
    'webhooks', (select coalesce(json_agg(carrier_sid), '[]') from webhook),
    'unprocessed', (select count(*) from webhook where processed_at is null),
    'receipts_waiting', (select count(*) from receipt))";

const BATCHES: &str = "select coalesce(json_object_agg(state, batches), '{}') from (select state, count(*) batches from batch group by 1) b";

/// Rules B1, B5, B7 and W6: rows that must not exist. A contact that has the initial can be skipped
/// for the reminder, and a cancelled text can have another after it.
const STRAYS: &str = "select json_agg(s) from (
    select 'goals without targets' as what, count(*) from goal where partitioned_at is null
    union all select 'targets in no batch', count(*) from target where batch_id is null
    union all select 'batches not finished', count(*) from batch where state <> 'finished'
    union all select 'targets left out', count(*) from target t join contact c on c.id = t.contact_id
        where t.initial_message_id is null and t.skipped_at is null and c.opted_out_at is null and is_textable(c.line_type)
    union all select 'targets both skipped and messaged', count(*) from target
        where skipped_at is not null
            and ((initial_message_id is not null and reminder_batch_id is null) or reminder_message_id is not null)
    union all select 'targets whose initial is another', count(*) from
        (select goal_id, contact_id, initial_message_id as id from target where initial_message_id is not null) t
        full join (select goal_id, contact_id, id, state from message where kind = 'initial') m using (goal_id, contact_id, id)
        where (t.goal_id is null and m.state <> 'cancelled') or m.goal_id is null
    union all select 'targets whose reminder is another', count(*) from
        (select goal_id, contact_id, reminder_message_id as id from target where reminder_message_id is not null) t
        full join (select goal_id, contact_id, id, state from message where kind = 'reminder') m using (goal_id, contact_id, id)
        where (t.goal_id is null and m.state <> 'cancelled') or m.goal_id is null
    union all select 'reminders to contacts whose answer was not yes', count(*) from message m join target t using (goal_id, contact_id)
        where m.kind = 'reminder' and is_messaged(m.state) and t.answer is distinct from 'yes'
            and (t.answered_at is null or m.handed_over_at > t.answered_at)
    union all select 'initials in a state that nothing here leads to', count(*) from message
        where kind = 'initial' and not (state in ('delivered', 'undelivered', 'failed') or (state = 'held' and reason = 'cap')
            or (state = 'cancelled' and reason in ('opted_out', 'not_textable')))
    ) s";

const TIMERS: &str = "select json_build_object(
    'overdue', (select count(*) from timer where fire_at < now() - interval '2 seconds'),
    'waiting', (select count(*) from timer where fire_at > now()))";

/// Counts of work under way: all are 0 when the system is at rest. A job that is to run later is
/// not under way.
const MOVING: &str = "select json_agg(m) from (
    select 'goals without targets' as what, count(*) from goal where partitioned_at is null
    union all select 'batches not finished', count(*) from batch where state <> 'finished'
    union all select 'jobs not over', count(*) from job where state in ('published', 'running')
        or (state = 'pending' and run_at < now() + interval '20 seconds')
    union all select 'messages under way', count(*) from message where state in ('queued', 'sending', 'unknown')
    union all select 'messages held for a moment', count(*) from message where state = 'held' and reason <> 'cap'
    union all select 'inbound texts not handled', count(*) from webhook where processed_at is null
    union all select 'receipts not applied', count(*) from receipt
    union all select 'timers overdue', count(*) from timer where fire_at < now()
    ) m";

/// The database that is read.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) database: &'a str,
}

impl Reader<'_> {
    /// Reads everything.
    pub(crate) async fn tables(self) -> anyhow::Result<Tables> {
        Ok(Tables {
            jobs: self.json(JOBS).await.context("reading jobs")?,
            messages: self.json(MESSAGES).await.context("reading messages")?,
            caps: self.json(CAPS).await.context("reading the cap ledger")?,
            received: self.json(RECEIVED).await.context("reading contacts' texts")?,
            batches: self.json(BATCHES).await.context("counting batches")?,
            targets: self.json("select count(*) from target").await.context("counting targets")?,
            strays: self.json(STRAYS).await.context("looking for strays")?,
            timers: self.json(TIMERS).await.context("counting timers")?,
        })
    }

    /// Returns the work that is still under way, in words.
    pub(crate) async fn moving(self) -> anyhow::Result<Vec<String>> {
        let moving: Vec<Stray> = self.json(MOVING).await.context("asking what is under way")?;
        Ok(moving.into_iter().filter(|one| one.count > 0).map(|one| format!("{} {}", one.count, one.what)).collect())
    }

    /// Runs statements that no production code does.
    pub(crate) async fn execute(self, sql: &str) -> anyhow::Result<String> {
        self.stack.primary().run_sql(self.database, sql).await
    }

    /// Runs a script in one transaction.
    pub(crate) async fn script(self, sql: &str) -> anyhow::Result<()> {
        self.stack.primary().run_script(self.database, sql).await.map(|_| ())
    }

    /// Reads a query's answer as one JSON value.
    pub(crate) async fn json<T: DeserializeOwned>(self, query: &str) -> anyhow::Result<T> {
        let printed = self.execute(query).await?;
        serde_json::from_str(&printed).context("the database answers in another shape")
    }
}
