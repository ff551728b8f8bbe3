//! The hand-over: what a worker reads, decides and writes around a carrier call (rules S1, S2, S3, S6 and S9).
//!
//! Locks are taken in one order everywhere: messages, then goals, contacts and memberships, then lanes, then the cap ledger.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use muster_domain::{
    cap::CarrierDay,
    e164::E164,
    hours::{RecipientHours, ZonePolicy},
    ids::{BrandId, ContactId, GoalId, GroupId, JobId, MessageId, OrganizationId},
    message::MessageKind,
    sending::{Candidate, GoalWindow, HoldReason},
    whereabouts::Whereabouts,
    zone::Zone,
};
use muster_jobs::{payloads, timer::TimerKind};

use crate::{
    Result, Tx,
    engine::{
        claim::ClaimedJob,
        enqueue::{Line, Origin, enqueue_all},
    },
    error::word,
    organizations::Settings,
};

/// A queued message with all that decides about it.
#[derive(Debug, Clone)]
pub struct Queued {
    /// The message.
    pub id: MessageId,
    /// Its contact.
    pub contact_id: ContactId,
    /// Its group.
    pub group_id: GroupId,
    /// Its goal; none for what belongs to no goal.
    pub goal_id: Option<GoalId>,
    /// To which number; none once redacted.
    pub to: Option<E164>,
    /// From which number.
    pub from: E164,
    /// The text.
    pub body: String,
    /// Its segments.
    pub segments: i64,
    /// How often it was handed over before.
    pub send_attempts: i32,
    /// Trace context of the request that made it.
    pub traceparent: Option<String>,
    /// The carrier that serves the contact's number, if somebody has looked (rule S10).
    pub carrier: Option<String>,
    /// A moment ago it has taken its time in its lanes (rule S4).
    pub has_slot: bool,
    /// What may forbid it.
    pub candidate: Candidate,
}

/// Messages of this job that an earlier attempt handed over without recording an outcome become unknown (rule S2); answers how many.
pub async fn mark_unknown(tx: &mut Tx, job: &ClaimedJob) -> Result<u64> {
    let done = sqlx::query!(
        "update message set state = 'unknown' where send_job_id = $1 and state = 'sending' and send_epoch < $2",
        job.id.0,
        job.epoch,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Locks the queued messages of a job, and what may forbid them against change, and reads them in order. Whoever pauses, opts out or
/// reassigns waits for this transaction or is seen by it (rule S9).
pub async fn lock_queued(tx: &mut Tx, job_id: JobId, settings: &Settings) -> Result<Vec<Queued>> {
    let rows = sqlx::query!(
        "select id, goal_id, contact_id, group_id from message where send_job_id = $1 and state = 'queued' order by id for update",
        job_id.0
    )
    .fetch_all(tx.conn())
    .await?;
    let goals: Vec<_> = rows.iter().filter_map(|row| row.goal_id).collect();
    sqlx::query!("select from goal where id = any($1) order by id for share", &goals).fetch_all(tx.conn()).await?;
    let contacts: Vec<_> = rows.iter().map(|row| row.contact_id).collect();
    if settings.initials_per_day.is_some() {
        // Two initials of one contact are decided one after the other (rule S12).
        sqlx::query!("select from contact where id = any($1) order by id for no key update", &contacts)
            .fetch_all(tx.conn())
            .await?;
    } else {
        sqlx::query!("select from contact where id = any($1) order by id for share", &contacts)
            .fetch_all(tx.conn())
            .await?;
    }
    sqlx::query!(
        "select from membership where (group_id, contact_id) in (select * from unnest($1::uuid[], $2::uuid[]))
         order by group_id, contact_id for share",
        &rows.iter().map(|row| row.group_id).collect::<Vec<_>>(),
        &contacts,
    )
    .fetch_all(tx.conn())
    .await?;
    read(tx, &rows.iter().map(|row| MessageId(row.id)).collect::<Vec<_>>(), settings).await
}

/// Reads messages with all that decides about them, in the order of their ids.
pub async fn read(tx: &mut Tx, ids: &[MessageId], settings: &Settings) -> Result<Vec<Queued>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows =
        sqlx::query_file!("src/sending_queued.sql", &ids, settings.initials_per_day).fetch_all(tx.conn()).await?;
    rows.into_iter()
        .map(|row| {
            let to = row.e164.as_deref().map(E164::parse).transpose()?;
            let kind = word("message", &row.kind, MessageKind::parse(&row.kind))?;
            let whereabouts = to.as_ref().map(|to| Whereabouts::of(row.postal_code.as_deref(), to.national()));
            let policy = if settings.recipient_safe { ZonePolicy::RecipientSafe } else { ZonePolicy::GroupZone };
            let zone = Zone::parse(&row.zone)?;
            let laws = settings.laws();
            let hours = RecipientHours::new(settings.sending_hours, zone, whereabouts.as_ref(), policy, laws)?;
            let closes_at =
                if kind == MessageKind::Reminder { row.reminder_closes_at.or(row.closes_at) } else { row.closes_at };
            Ok(Queued {
                id: MessageId(row.id),
                contact_id: ContactId(row.contact_id),
                group_id: GroupId(row.group_id),
                goal_id: row.goal_id.map(GoalId),
                to,
                from: E164::parse(&row.sender_e164)?,
                body: row.body,
                segments: row.segments.into(),
                send_attempts: row.send_attempts,
                traceparent: row.traceparent,
                carrier: row.carrier,
                has_slot: row.has_slot,
                candidate: Candidate {
                    kind,
                    redacted: row.redacted,
                    opted_out: row.opted_out,
                    deactivated: row.deactivated,
                    not_textable: row.not_textable,
                    reassigned: row.reassigned,
                    frequent_until: row.frequent_until,
                    goal: closes_at.map(|closes_at| GoalWindow { paused: row.paused, closes_at }),
                    hours,
                },
            })
        })
        .collect()
}

/// A message that goes, and the carrier under whose cap it counts, if any.
pub type Going = (MessageId, Option<String>);

/// Marks messages as being handed over, by this attempt of the job, and reserves their segments under the caps, whose ledgers this
/// transaction has locked. A message that has not taken its time in its lanes before takes it now.
pub async fn hand_over(
    tx: &mut Tx,
    job: &ClaimedJob,
    going: &[Going],
    brand_id: BrandId,
    day: CarrierDay,
    now: DateTime<Utc>,
) -> Result<()> {
    if going.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = going.iter().map(|(id, _)| id.0).collect();
    let caps: Vec<_> = going.iter().map(|(_, cap)| cap.clone()).collect();
    sqlx::query!(
        "with going as (select * from unnest($1::uuid[], $3::text[]) as g (id, cap)), handed_over as (
             update message m set state = 'sending', send_epoch = $2, handed_over_at = clock_timestamp(),
                 send_attempts = send_attempts + 1, reason = null, held_until = null, lane = null,
                 rate_slot = coalesce(m.rate_slot, $6),
                 cap_carrier = g.cap, cap_day = case when g.cap is not null then $4::date end,
                 cap_state = case when g.cap is not null then 'reserved' end
             from going g
             where m.id = any($1) and m.id = g.id and m.state = 'queued'
             returning m.cap_carrier, m.segments
         ), sums as (select cap_carrier, sum(segments) as segments from handed_over where cap_carrier is not null group by 1)
         update cap_ledger l set reserved = l.reserved + s.segments
         from sums s where l.brand_id = $5 and l.carrier = s.cap_carrier and l.day = $4::date",
        &ids,
        job.epoch,
        &caps as &[Option<String>],
        day.0,
        brand_id.0,
        now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A message that has to wait.
#[derive(Debug, Clone)]
pub struct Held {
    /// The message.
    pub id: MessageId,
    /// Why.
    pub reason: &'static str,
    /// Until when; none until something happens. For what waits for a lane, when it can expect to go.
    pub until: Option<DateTime<Utc>>,
    /// The lane that it waits for: what lets it go is the lane's turn, and not the time.
    pub lane: Option<String>,
}

/// Holds messages that were not handed over (rule S6).
pub async fn hold(tx: &mut Tx, held: &[Held]) -> Result<()> {
    if held.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update message m set state = 'held', reason = h.reason, held_until = h.until, lane = h.lane, rate_slot = null,
             send_job_id = null
         from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[]) as h (id, reason, until, lane)
         where m.id = h.id and m.state in ('queued', 'held')",
        &held.iter().map(|held| held.id.0).collect::<Vec<_>>(),
        &held.iter().map(|held| held.reason.to_owned()).collect::<Vec<_>>(),
        &held.iter().map(|held| held.until).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &held.iter().map(|held| held.lane.clone()).collect::<Vec<_>>() as &[Option<String>],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Cancels messages that were not handed over.
pub async fn cancel(tx: &mut Tx, cancelled: &[(MessageId, &'static str)]) -> Result<()> {
    if cancelled.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update message m set state = 'cancelled', reason = c.reason, held_until = null
         from unnest($1::uuid[], $2::text[]) as c (id, reason)
         where m.id = c.id and m.state in ('queued', 'held')",
        &cancelled.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        &cancelled.iter().map(|(_, reason)| (*reason).to_owned()).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What the carrier made of the messages that one attempt handed over.
#[derive(Debug, Clone, Default)]
pub struct Outcomes {
    /// Accepted, with the carrier's id.
    pub accepted: Vec<(MessageId, String)>,
    /// Refused for good, with the carrier's code.
    pub refused: Vec<(MessageId, i32)>,
    /// Not taken this time: back in line.
    pub postponed: Vec<Held>,
    /// Nobody can say.
    pub unknown: Vec<MessageId>,
}

/// Records outcomes. Receipts may have been quicker: what they said stays (rule S8). The ledger is left for [`settle_ledger`], which
/// comes last, because others wait for its row.
pub async fn settle(tx: &mut Tx, outcomes: &Outcomes) -> Result<()> {
    let Outcomes { accepted, refused, postponed, unknown } = outcomes;
    if !accepted.is_empty() {
        sqlx::query!(
            "update message m set state = case when m.state in ('sending', 'unknown') then 'sent' else m.state end,
                 carrier_sid = coalesce(m.carrier_sid, a.sid), sent_at = coalesce(m.sent_at, clock_timestamp())
             from unnest($1::uuid[], $2::text[]) as a (id, sid)
             where m.id = a.id",
            &accepted.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
            &accepted.iter().map(|(_, sid)| sid.clone()).collect::<Vec<_>>(),
        )
        .execute(tx.conn())
        .await?;
    }
    if !refused.is_empty() {
        sqlx::query!(
            "update message m set state = 'failed', error_code = r.code
             from unnest($1::uuid[], $2::int[]) as r (id, code)
             where m.id = r.id and m.state in ('sending', 'unknown')",
            &refused.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
            &refused.iter().map(|(_, code)| *code).collect::<Vec<_>>(),
        )
        .execute(tx.conn())
        .await?;
    }
    if !postponed.is_empty() {
        sqlx::query!(
            "update message m set state = 'held', reason = p.reason, held_until = p.until, lane = null, rate_slot = null,
                 send_job_id = null
             from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as p (id, reason, until)
             where m.id = p.id and m.state in ('sending', 'unknown')",
            &postponed.iter().map(|held| held.id.0).collect::<Vec<_>>(),
            &postponed.iter().map(|held| held.reason.to_owned()).collect::<Vec<_>>(),
            &postponed.iter().map(|held| held.until).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        )
        .execute(tx.conn())
        .await?;
    }
    if !unknown.is_empty() {
        let unknown: Vec<_> = unknown.iter().map(|id| id.0).collect();
        sqlx::query!("update message set state = 'unknown' where id = any($1) and state = 'sending'", &unknown)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// Brings the cap ledger up to outcomes that [`settle`] has recorded; answers the segments that were given back, by the day of the ledger.
pub async fn settle_ledger(tx: &mut Tx, brand_id: BrandId, outcomes: &Outcomes) -> Result<BTreeMap<CarrierDay, i64>> {
    settle_caps(tx, brand_id, &outcomes.accepted.iter().map(|(id, _)| *id).collect::<Vec<_>>()).await?;
    let refund: Vec<_> =
        outcomes.refused.iter().map(|(id, _)| *id).chain(outcomes.postponed.iter().map(|held| held.id)).collect();
    refund_caps(tx, brand_id, &refund).await
}

/// Moves the reserved segments of messages that the carrier has to settled; a second time does nothing.
pub async fn settle_caps(tx: &mut Tx, brand_id: BrandId, ids: &[MessageId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with moved as (
             update message set cap_state = 'settled' where id = any($2) and cap_state = 'reserved'
             returning cap_carrier, cap_day, segments
         ), sums as (select cap_carrier, cap_day, sum(segments) as segments from moved group by cap_carrier, cap_day)
         update cap_ledger l set reserved = l.reserved - s.segments, settled = l.settled + s.segments
         from sums s where l.brand_id = $1 and l.carrier = s.cap_carrier and l.day = s.cap_day",
        brand_id.0,
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives back the reserved segments of messages that the carrier did not take, and answers them by day. What a receipt has settled stays.
pub async fn refund_caps(tx: &mut Tx, brand_id: BrandId, ids: &[MessageId]) -> Result<BTreeMap<CarrierDay, i64>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query!(
        "with given_back as (
             update message m set cap_state = null, cap_carrier = null, cap_day = null
             from message before
             where m.id = any($2) and before.id = m.id and m.cap_state = 'reserved' and m.state in ('held', 'failed', 'queued')
             returning before.cap_carrier, before.cap_day, m.segments
         ), sums as (select cap_carrier, cap_day, sum(segments) as segments from given_back group by cap_carrier, cap_day)
         update cap_ledger l set reserved = l.reserved - s.segments
         from sums s where l.brand_id = $1 and l.carrier = s.cap_carrier and l.day = s.cap_day
         returning l.day, s.segments as \"segments!\"",
        brand_id.0,
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    let mut days = BTreeMap::new();
    for row in rows {
        *days.entry(CarrierDay(row.day)).or_default() += row.segments;
    }
    Ok(days)
}

/// Lets as many texts that are held at the cap be looked at again now as so many segments may be for, the first ones first; answers their
/// groups. For segments that come back during the day: a cap is used up to its last text.
pub async fn recheck_capped(tx: &mut Tx, organization_id: OrganizationId, segments: i64) -> Result<Vec<GroupId>> {
    let groups = sqlx::query_scalar!(
        r#"with woken as (
               update message set held_until = clock_timestamp()
               where id in (
                   select id from message where organization_id = $1 and state = 'held' and reason = 'cap'
                   order by id limit $2 for update skip locked)
               returning group_id
           )
           select distinct group_id as "group_id!" from woken"#,
        organization_id.0,
        segments,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(groups.into_iter().map(GroupId).collect())
}

/// A number that turned out to take no texts, by the carrier's word (rule S7).
pub async fn mark_not_textable(tx: &mut Tx, messages: &[MessageId]) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update contact set line_type = 'landline', updated_at = now()
         where id in (select contact_id from message where id = any($1)) and line_type <> 'landline'",
        &messages.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// People who opted out at the carrier (rule S7): they have opted out here.
pub async fn mark_opted_out(tx: &mut Tx, messages: &[MessageId]) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update contact set opted_out_at = clock_timestamp(), opt_out_reason = 'opted out at the carrier', updated_at = now()
         where id in (select contact_id from message where id = any($1)) and opted_out_at is null",
        &messages.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Queues held messages of a group that can go now, with new send jobs; answers how many, at most `limit`.
pub async fn release_held(tx: &mut Tx, group_id: GroupId, limit: i64, origin: &Origin) -> Result<usize> {
    let ids = sqlx::query_scalar!(
        "select m.id from message m left join goal g on g.id = m.goal_id
         where m.group_id = $1 and m.state = 'held' and m.lane is null
           and (m.held_until <= clock_timestamp() or (m.reason = 'paused' and g.paused_at is null))
         order by m.id limit $2 for update of m skip locked",
        group_id.0,
        limit,
    )
    .fetch_all(tx.conn())
    .await?;
    queue_again(tx, &ids, Line::Ordinary, None, origin).await?;
    Ok(ids.len())
}

/// Queues messages that have taken their time in their lanes (rule S4).
pub async fn release_from_lanes(
    tx: &mut Tx,
    ids: &[MessageId],
    urgent: bool,
    now: DateTime<Utc>,
    origin: &Origin,
) -> Result<()> {
    let line = if urgent { Line::Urgent } else { Line::Ordinary };
    queue_again(tx, &ids.iter().map(|id| id.0).collect::<Vec<_>>(), line, Some(now), origin).await
}

async fn queue_again(
    tx: &mut Tx,
    ids: &[uuid::Uuid],
    line: Line<'_>,
    slot: Option<DateTime<Utc>>,
    origin: &Origin,
) -> Result<()> {
    let jobs: Vec<JobId> = ids.chunks(payloads::Send::MAX_MESSAGES).map(|_| JobId::new()).collect();
    let job_ids: Vec<_> = (0..ids.len()).map(|index| jobs[index / payloads::Send::MAX_MESSAGES].0).collect();
    sqlx::query!(
        "update message m set state = 'queued', reason = null, held_until = null, lane = null, send_job_id = j.job_id, send_epoch = null,
             rate_slot = $3
         from unnest($1::uuid[], $2::uuid[]) as j (id, job_id) where m.id = j.id",
        ids,
        &job_ids,
        slot,
    )
    .execute(tx.conn())
    .await?;
    let payload = payloads::Send {};
    enqueue_all(tx, &jobs.into_iter().map(|id| (id, &payload)).collect::<Vec<_>>(), line, origin).await
}

/// Lets the messages of an organization that are held for this reason be looked at again now, because what holds them has changed (rule
/// S9); answers the groups whose `hold-release` is due.
pub async fn recheck_held(tx: &mut Tx, organization_id: OrganizationId, reason: HoldReason) -> Result<Vec<GroupId>> {
    let groups = sqlx::query_scalar!(
        r#"with woken as (
               update message set held_until = clock_timestamp()
               where group_id in (select id from contact_group where organization_id = $1) and state = 'held' and reason = $2
                 and lane is null
               returning group_id
           )
           select distinct group_id as "group_id!" from woken"#,
        organization_id.0,
        reason.as_str(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(groups.into_iter().map(GroupId).collect())
}

/// When the next of a group's held messages can go.
pub async fn next_hold_ends(tx: &mut Tx, group_id: GroupId) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        "select min(held_until) from message where group_id = $1 and state = 'held' and lane is null and held_until is not null",
        group_id.0
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A message whose hand-over has no known outcome. One that the carrier cannot tell of within 24 hours, or whose contact is redacted,
/// stays unknown for good: it is reported, and never sent again.
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
}

/// Locks the messages of a send job that were handed over at least `age_seconds` ago and have no outcome yet.
pub async fn unsettled(tx: &mut Tx, send_job_id: JobId, age_seconds: f64) -> Result<Vec<Unsettled>> {
    let rows = sqlx::query!(
        r#"select m.id, c.e164 as "e164!", t.sender_e164, m.body, m.handed_over_at as "handed_over_at!"
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
            })
        })
        .collect()
}

/// Does a send job have messages without an outcome that the carrier may still tell of?
pub async fn has_unsettled(tx: &mut Tx, send_job_id: JobId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from message m join contact c on c.id = m.contact_id
               where m.send_job_id = $1 and m.state in ('sending', 'unknown') and c.redacted_at is null
                 and m.handed_over_at > clock_timestamp() - interval '24 hours') as "any!""#,
        send_job_id.0,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Sets timers that should be there: to ask about hand-overs without an outcome that are older than `age`, and to release held messages.
/// Answers for how many send jobs, and for how many groups and organizations.
pub async fn set_missing_timers(tx: &mut Tx, age: Duration) -> Result<(u64, u64)> {
    let unsettled = sqlx::query!(
        "insert into timer (kind, subject, fire_at, organization_id)
         select distinct on (m.send_job_id) $1, m.send_job_id, clock_timestamp(), m.organization_id
         from message m
         where m.state in ('sending', 'unknown') and m.send_job_id is not null
           and m.handed_over_at between clock_timestamp() - interval '24 hours' and clock_timestamp() - 2 * make_interval(secs => $2)
           and not exists (select from job j where j.id = m.send_job_id and j.state in ('pending', 'published', 'running'))
           and not exists (select from job j where j.state in ('pending', 'published', 'running') and j.kind = 'message-reconcile'
                           and j.payload ->> 'send_job_id' = m.send_job_id::text)
         on conflict (kind, subject) do nothing",
        TimerKind::ReconcileDue.as_str(),
        age.as_secs_f64(),
    )
    .execute(tx.conn())
    .await?;
    let held = sqlx::query!(
        "insert into timer (kind, subject, fire_at, organization_id)
         select $1, m.group_id, min(m.held_until), g.organization_id
         from message m join contact_group g on g.id = m.group_id
         where m.state = 'held' and m.lane is null and m.held_until is not null
           and not exists (select from job j where j.state in ('pending', 'published', 'running') and j.kind = 'hold-release'
                           and j.payload ->> 'group_id' = m.group_id::text)
         group by m.group_id, g.organization_id
         on conflict (kind, subject) do nothing",
        TimerKind::HoldEnds.as_str(),
    )
    .execute(tx.conn())
    .await?;
    let lanes = sqlx::query!(
        "insert into timer (kind, subject, fire_at, organization_id)
         select $1, o.id, clock_timestamp(), o.id
         from organization o
         where exists (select from message m where m.organization_id = o.id and m.state = 'held' and m.lane is not null)
           and not exists (select from job j where j.state in ('pending', 'published', 'running') and j.kind = 'rate-release'
                           and j.organization_id = o.id)
         on conflict (kind, subject) do nothing",
        TimerKind::RateOpens.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok((unsettled.rows_affected(), held.rows_affected() + lanes.rows_affected()))
}

/// Which of these carrier ids belong to other messages already.
pub async fn known_sids(tx: &mut Tx, contact_message: MessageId, sids: &[String]) -> Result<Vec<String>> {
    let known = sqlx::query_scalar!(
        r#"select carrier_sid as "sid!" from message
           where contact_id = (select contact_id from message where id = $1) and id <> $1 and carrier_sid = any($2)"#,
        contact_message.0,
        sids,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(known)
}

/// Queues messages again that the carrier says it never had (rule S2), and gives their segments back.
pub async fn send_again(tx: &mut Tx, brand_id: BrandId, ids: &[MessageId], origin: &Origin) -> Result<()> {
    let raw: Vec<_> = ids.iter().map(|id| id.0).collect();
    let still = sqlx::query_scalar!(
        "select id from message where id = any($1) and state in ('sending', 'unknown') order by id for update",
        &raw
    )
    .fetch_all(tx.conn())
    .await?;
    queue_again(tx, &still, Line::Ordinary, None, origin).await?;
    refund_caps(tx, brand_id, &still.into_iter().map(MessageId).collect::<Vec<_>>()).await?;
    Ok(())
}

/// Cancels what is queued or held of a goal that has closed (rule S6); answers how many.
pub async fn close_window(tx: &mut Tx, goal_id: GoalId) -> Result<u64> {
    let done = sqlx::query!(
        "update message set state = 'cancelled', reason = 'window_closed', held_until = null
         where goal_id = $1 and state in ('queued', 'held') and kind in ('initial', 'reminder')",
        goal_id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
