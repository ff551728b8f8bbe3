//! Hand-overs without a known outcome, and how they are settled (rule S2).

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{BrandId, JobId, MessageId},
    people::e164::E164,
};
use muster_jobs::timer::TimerKind;

use super::{held::queue_again, outcomes::lock, refund_caps};
use crate::{
    Result, Tx,
    engine::enqueue::{JobOrder, Origin},
};

/// A message with a hand-over of unknown outcome. One that the carrier cannot tell of within 24
/// hours, or of a redacted contact, stays unknown for good: it is reported, and never sent again.
#[derive(Debug, Clone)]
pub struct Unsettled {
    /// The message.
    pub id: MessageId,
    /// To which number.
    pub to: E164,
    /// From which number.
    pub from: E164,
    /// The text, by which the carrier's copy is recognised.
    pub body: String,
    /// When it was handed over.
    pub handed_over_at: DateTime<Utc>,
    /// Texts between the same two numbers that are as open as this one.
    pub beside: Vec<String>,
}

/// Locks the messages of a send job that were handed over at least `age_seconds` ago and have no
/// outcome yet.
pub async fn unsettled(tx: &mut Tx, send_job_id: JobId, age_seconds: f64) -> Result<Vec<Unsettled>> {
    let rows = sqlx::query!(
        r#"select m.id, c.e164 as "e164!", t.sender_e164, m.body, m.handed_over_at as "handed_over_at!",
                  array(select o.body from message o
                        where o.thread_id = m.thread_id and o.id <> m.id and o.state in ('sending', 'unknown')) as "beside!"
           from message m join contact c on c.id = m.contact_id join thread t on t.id = m.thread_id
           where m.send_job_id = $1 and m.state in ('sending', 'unknown') and c.redacted_at is null
             and m.handed_over_at between clock_timestamp() - interval '24 hours' and clock_timestamp() - make_interval(secs => $2)
           order by m.id for update of m"#,
        send_job_id.0,
        age_seconds,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Unsettled {
                id: MessageId(row.id),
                to: E164::parse(&row.e164)?,
                from: E164::parse(&row.sender_e164)?,
                body: row.body,
                handed_over_at: row.handed_over_at,
                beside: row.beside,
            })
        })
        .collect()
}

/// Which of these send jobs have messages without an outcome that the carrier may still tell of?
pub async fn jobs_unsettled(tx: &mut Tx, send_jobs: &[JobId]) -> Result<BTreeSet<JobId>> {
    let jobs = sqlx::query_scalar!(
        r#"select distinct m.send_job_id as "job_id!" from message m join contact c on c.id = m.contact_id
           where m.send_job_id = any($1) and m.state in ('sending', 'unknown') and c.redacted_at is null
             and m.handed_over_at > clock_timestamp() - interval '24 hours'"#,
        &send_jobs.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(jobs.into_iter().map(JobId).collect())
}

/// Timers that were missing, and were set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingTimers {
    /// Timers of send jobs, which ask about hand-overs without an outcome.
    pub unsettled: u64,
    /// Timers of groups and organizations, which release held messages.
    pub held: u64,
}

/// Sets timers that should be there: to ask about hand-overs without an outcome that are older than
/// `age`, and to release held messages.
pub async fn set_missing_timers(tx: &mut Tx, age: Duration) -> Result<MissingTimers> {
    let unsettled = sqlx::query!(
        "insert into timer (kind, subject, fire_at, organization_id)
         select distinct on (m.send_job_id) $1, m.send_job_id, clock_timestamp(), m.organization_id
         from message m
         where m.state in ('sending', 'unknown') and m.send_job_id is not null
           and m.handed_over_at between clock_timestamp() - interval '24 hours' and clock_timestamp() - 2 * make_interval(secs => $2)
           and not exists (select from job j where j.id = m.send_job_id and j.state in ('pending', 'published', 'running'))
           and not exists (select from job j where j.state in ('pending', 'published', 'running') and j.kind = $3
                           and j.payload ->> 'send_job_id' = m.send_job_id::text)
         on conflict (kind, subject) do nothing",
        TimerKind::ReconcileDue.as_str(),
        age.as_secs_f64(),
        TimerKind::ReconcileDue.makes().as_str(),
    )
    .execute(tx.conn())
    .await?;
    let held = sqlx::query!(
        "insert into timer (kind, subject, fire_at, organization_id)
         select $1, m.group_id, min(m.held_until), g.organization_id
         from message m join contact_group g on g.id = m.group_id
         where m.state = 'held' and m.lane is null and m.held_until is not null
           and not exists (select from job j where j.state in ('pending', 'published', 'running') and j.kind = $2
                           and j.payload ->> 'group_id' = m.group_id::text)
         group by m.group_id, g.organization_id
         on conflict (kind, subject) do nothing",
        TimerKind::HoldEnds.as_str(),
        TimerKind::HoldEnds.makes().as_str(),
    )
    .execute(tx.conn())
    .await?;
    let lanes = sqlx::query!(
        "insert into timer (kind, subject, fire_at, organization_id)
         select $1, o.id, clock_timestamp(), o.id
         from organization o
         where exists (select from message m where m.organization_id = o.id and m.state = 'held' and m.lane is not null)
           and not exists (select from job j where j.state in ('pending', 'published', 'running') and j.kind = $2
                           and j.organization_id = o.id)
         on conflict (kind, subject) do nothing",
        TimerKind::RateOpens.as_str(),
        TimerKind::RateOpens.makes().as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(MissingTimers { unsettled: unsettled.rows_affected(), held: held.rows_affected() + lanes.rows_affected() })
}

/// Returns the carrier's ids of all messages to the contacts of these. Until this transaction ends,
/// no other settles messages to them this way: a copy at the carrier is taken for one message only.
pub async fn lock_known_sids(tx: &mut Tx, messages: &[MessageId]) -> Result<Vec<String>> {
    let ids: Vec<_> = messages.iter().map(|id| id.0).collect();
    let contacts = sqlx::query_scalar!("select distinct contact_id from message where id = any($1) order by 1", &ids)
        .fetch_all(tx.conn())
        .await?;
    for contact in &contacts {
        sqlx::query!("select pg_advisory_xact_lock(hashtextextended('settle:' || $1::text, 0))", contact.to_string())
            .execute(tx.conn())
            .await?;
    }
    lock(tx, messages).await?;
    Ok(sqlx::query_scalar!(
        r#"select carrier_sid as "sid!" from message where contact_id = any($1) and carrier_sid is not null"#,
        &contacts,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Queues messages of a send job again that the carrier says it never had (rule S2), and gives
/// their segments back.
pub async fn send_again(
    tx: &mut Tx,
    brand_id: BrandId,
    send_job_id: JobId,
    ids: &[MessageId],
    origin: &Origin,
) -> Result<()> {
    let raw: Vec<_> = ids.iter().map(|id| id.0).collect();
    let still = sqlx::query_scalar!(
        "select id from message where id = any($1) and send_job_id = $2 and state in ('sending', 'unknown') order by id for update",
        &raw,
        send_job_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    queue_again(tx, &still, JobOrder::Ordinary, None, origin).await?;
    refund_caps(tx, brand_id, &still.into_iter().map(MessageId).collect::<Vec<_>>()).await?;
    Ok(())
}
