//! The hand-over: a worker's reads, decisions and writes around a carrier call
//! (rules S1, S2, S3, S6 and S9).
//!
//! Here is the step before the call; the step after it is in `outcomes`, waiting texts in `held`,
//! and hand-overs without a known outcome in `unsettled`. Locks are taken in one order everywhere:
//! an organization's terms, messages, contacts and memberships, targets, lanes, the cap ledger.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{ContactId, GoalId, GroupId, JobId, MessageId},
    people::{e164::E164, whereabouts::Whereabouts},
    sending::{
        CancelReason, Candidate, GoalWindow, HoldReason,
        cap::CarrierDay,
        hours::{RecipientHours, ZonePolicy},
        message::MessageKind,
    },
    tenancy::settings::OrganizationSettings,
    zone::Zone,
};
use uuid::Uuid;

use crate::{Pool, Result, Tx, db::error::read_word, engine::claim::ClaimedJob};

/// A queued message with all that decides about it.
#[derive(Debug, Clone)]
pub struct Queued {
    /// The message.
    pub id: MessageId,
    /// Its contact.
    pub contact_id: ContactId,
    /// Its group.
    pub group_id: GroupId,
    /// Its goal; none for a text that belongs to no goal.
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
    /// The registered campaign of its number, if that is not the brand's first (rule S4).
    pub registered_campaign: Option<Uuid>,
    /// A moment ago it has taken its time in its lanes (rule S4).
    pub has_slot: bool,
    /// Facts that may forbid it.
    pub candidate: Candidate,
}

/// Returns how many queued messages each of these jobs has; those with none are not in the answer.
pub async fn count_queued(pool: &Pool, jobs: &[JobId]) -> Result<BTreeMap<JobId, usize>> {
    // Of an array that is made while it runs it keeps one plan; each list would get its own.
    let rows = sqlx::query!(
        r#"select send_job_id as "job_id!", count(*) as "messages!" from message
           where send_job_id = any(array(select unnest($1::uuid[]))) and state = 'queued' group by send_job_id"#,
        &jobs.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows.into_iter().map(|row| (JobId(row.job_id), usize::try_from(row.messages).unwrap_or_default())).collect())
}

/// Locks the queued messages of jobs of one organization, and the rows that may forbid them against
/// change, and reads them in order. An opt-out or a reassignment waits for this transaction or is
/// seen by it (rule S9); settings and goals are kept by `organizations::lock_terms_shared`.
///
/// Messages that were handed over before, by an earlier attempt or by this one together with other
/// jobs, without a recorded outcome, become unknown (rule S2): their number is the second answer.
pub async fn lock_queued(
    tx: &mut Tx,
    jobs: &[&ClaimedJob],
    settings: &OrganizationSettings,
) -> Result<(Vec<Queued>, usize)> {
    let rows = sqlx::query!(
        r#"select id, contact_id, group_id, goal_id, kind, send_job_id as "send_job_id!", send_epoch, state = 'sending' as "sending!"
           from message where send_job_id = any($1) and state in ('queued', 'sending') order by id for update"#,
        &jobs.iter().map(|job| job.id.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    let (rows, sending): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| !row.sending);
    let epochs: BTreeMap<_, _> = jobs.iter().map(|job| (job.id.0, job.epoch)).collect();
    let is_lost = |job, epoch: Option<i64>| epoch.zip(epochs.get(job)).is_some_and(|(epoch, now)| epoch <= *now);
    let lost = sending.iter().filter(|row| is_lost(&row.send_job_id, row.send_epoch)).map(|row| row.id).collect();
    let lost = mark_unknown(tx, lost).await?;
    if rows.is_empty() {
        return Ok((Vec::new(), lost));
    }
    let contacts: Vec<_> = rows.iter().map(|row| row.contact_id).collect();
    if settings.initials_cap().is_some() {
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
    let reminders = || rows.iter().filter(|row| MessageKind::parse(&row.kind) == Some(MessageKind::Reminder));
    if reminders().next().is_some() {
        // An answer that changes waits for this transaction or is seen by it (rule W6).
        sqlx::query!(
            "select from target where (goal_id, contact_id) in (select * from unnest($1::uuid[], $2::uuid[]))
             order by goal_id, contact_id for share",
            &reminders().filter_map(|row| row.goal_id).collect::<Vec<_>>(),
            &reminders().filter(|row| row.goal_id.is_some()).map(|row| row.contact_id).collect::<Vec<_>>(),
        )
        .fetch_all(tx.conn())
        .await?;
    }
    let queued = read(tx, &rows.iter().map(|row| MessageId(row.id)).collect::<Vec<_>>(), settings).await?;
    Ok((queued, lost))
}

/// Messages that are locked become unknown; returns how many.
async fn mark_unknown(tx: &mut Tx, ids: Vec<Uuid>) -> Result<usize> {
    if !ids.is_empty() {
        sqlx::query!("update message set state = 'unknown' where id = any($1) and state = 'sending'", &ids)
            .execute(tx.conn())
            .await?;
    }
    Ok(ids.len())
}

/// Reads messages with all that decides about them, in the order of their ids.
pub async fn read(tx: &mut Tx, ids: &[MessageId], settings: &OrganizationSettings) -> Result<Vec<Queued>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_file!("src/sending/queued.sql", &ids, settings.initials_cap(), settings.lookup_max_age_days)
        .fetch_all(tx.conn())
        .await?;
    rows.into_iter()
        .map(|row| {
            let to = row.e164.as_deref().map(E164::parse).transpose()?;
            let kind: MessageKind = read_word("message", &row.kind)?;
            let whereabouts = to.as_ref().map(|to| Whereabouts::of(row.postal_code.as_deref(), to.national()));
            let policy = if settings.recipient_safe { ZonePolicy::RecipientSafe } else { ZonePolicy::GroupZone };
            let zone = Zone::parse(&row.zone)?;
            let laws = settings.laws();
            let hours = RecipientHours::new(settings.sending_hours, zone, whereabouts.as_ref(), policy, laws)?;
            let goal = row.opens_at.zip(row.closes_at).map(|(opens_at, closes_at)| {
                let window = GoalWindow { paused: row.paused, opens_at, closes_at };
                let reminders = row.reminder_opens_at.zip(row.reminder_closes_at);
                match reminders.filter(|_| kind == MessageKind::Reminder) {
                    Some((opens, closes)) => window.within(opens, closes),
                    None => window,
                }
            });
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
                registered_campaign: row.registered_campaign_id,
                has_slot: row.has_slot,
                candidate: Candidate {
                    kind,
                    redacted: row.redacted,
                    opted_out: row.opted_out,
                    deactivated: row.deactivated,
                    not_in_group: row.not_in_group,
                    not_textable: row.not_textable,
                    replies_at_any_hour: settings.replies_at_any_hour && !row.unasked,
                    reassigned: row.reassigned,
                    frequent_until: row.frequent_until,
                    no_longer_yes: row.no_longer_yes,
                    goal,
                    hours,
                },
            })
        })
        .collect()
}

/// A message that goes, and the carrier of the cap under which it counts, if any.
pub type Going = (MessageId, Option<String>);

/// Marks messages as being handed over, by this attempt of their jobs. Their segments are the
/// caller's to reserve in the same transaction (`caps::reserve`). A message that has not taken its
/// time in its lanes before takes it now.
pub async fn hand_over(
    tx: &mut Tx,
    jobs: &[&ClaimedJob],
    going: &[Going],
    day: CarrierDay,
    now: DateTime<Utc>,
) -> Result<()> {
    if going.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update message m set state = 'sending', send_epoch = j.epoch, handed_over_at = clock_timestamp(),
             send_attempts = send_attempts + 1, reason = null, held_until = null, lane = null,
             rate_slot = coalesce(m.rate_slot, $5),
             cap_carrier = g.cap, cap_day = case when g.cap is not null then $4::date end,
             cap_state = case when g.cap is not null then 'reserved' end
         from unnest($1::uuid[], $3::text[]) as g (id, cap), unnest($6::uuid[], $2::bigint[]) as j (id, epoch)
         where m.id = any($1) and m.id = g.id and m.state = 'queued' and m.send_job_id = j.id",
        &going.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        &jobs.iter().map(|job| job.epoch).collect::<Vec<_>>(),
        &going.iter().map(|(_, cap)| cap.clone()).collect::<Vec<_>>() as &[Option<String>],
        day.0,
        now,
        &jobs.iter().map(|job| job.id.0).collect::<Vec<_>>(),
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
    pub reason: HoldReason,
    /// Until when; none until something happens. For a text that waits for a lane, the instant at
    /// which it can expect to go.
    pub until: Option<DateTime<Utc>>,
    /// The lane that it waits for: the lane's turn lets it go, and not the time.
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
         where m.id = any($1) and m.id = h.id and m.state in ('queued', 'held')",
        &held.iter().map(|held| held.id.0).collect::<Vec<_>>(),
        &held.iter().map(|held| held.reason.as_str().to_owned()).collect::<Vec<_>>(),
        &held.iter().map(|held| held.until).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &held.iter().map(|held| held.lane.clone()).collect::<Vec<_>>() as &[Option<String>],
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A message that will not go.
#[derive(Debug, Clone, Copy)]
pub struct Cancelled {
    /// The message.
    pub id: MessageId,
    /// Why.
    pub reason: CancelReason,
}

/// Cancels messages that were not handed over; of a redacted person nothing stays.
pub async fn cancel(tx: &mut Tx, cancelled: &[Cancelled]) -> Result<()> {
    if cancelled.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update message m set state = 'cancelled', reason = c.reason, held_until = null,
             body = case when c.reason = 'redacted' then '' else m.body end
         from unnest($1::uuid[], $2::text[]) as c (id, reason)
         where m.id = any($1) and m.id = c.id and m.state in ('queued', 'held')",
        &cancelled.iter().map(|cancelled| cancelled.id.0).collect::<Vec<_>>(),
        &cancelled.iter().map(|cancelled| cancelled.reason.as_str().to_owned()).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Cancels queued and held texts of a goal that has closed (rule S6); returns how many.
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
