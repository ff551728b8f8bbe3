//! The carrier's answers to hand-overs: states, the cap ledger, and marks on contacts
//! (rules S2, S3, S7 and S8).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{BrandId, ContactId, JobId, MessageId, OrganizationId},
    people::line::LineType,
    sending::cap::CarrierDay,
};

use super::Held;
use crate::{Result, Tx, people::account_words};

/// The carrier's answers to the messages that one attempt handed over.
#[derive(Debug, Clone, Default)]
pub struct Outcomes {
    /// Accepted, with the carrier's id.
    pub accepted: Vec<(MessageId, String)>,
    /// Refused for good, with the carrier's code.
    pub refused: Vec<(MessageId, i32)>,
    /// Not taken this time: back in line.
    pub postponed: Vec<Held>,
    /// The outcome is unknown.
    pub unknown: Vec<MessageId>,
}

/// Messages that [`settle`] has settled, and the rest for [`settle_ledger`].
#[derive(Debug, Default)]
pub struct Settled {
    /// Segments that were reserved, by the ledger that they are in.
    segments: BTreeMap<(String, CarrierDay), i64>,
    /// Accepted messages that had not been reserved at the time, or had been settled.
    others: Vec<MessageId>,
}

/// Records the outcomes of send jobs' hand-overs. Receipts may have been quicker: their status
/// stays (rule S8). An attempt may be so late that a message has another job by now, because the
/// carrier said that it never had it: its answer then counts only if the carrier has it after all,
/// and the other job hands nothing over. The ledger is left for [`settle_ledger`], which comes
/// last, because others wait for its row.
pub async fn settle(tx: &mut Tx, send_jobs: &[JobId], outcomes: &Outcomes) -> Result<Settled> {
    let Outcomes { accepted, refused, postponed, unknown } = outcomes;
    let send_jobs: Vec<_> = send_jobs.iter().map(|id| id.0).collect();
    let told = accepted.iter().map(|(id, _)| id).chain(refused.iter().map(|(id, _)| id));
    let told: Vec<_> = told.chain(postponed.iter().map(|held| &held.id)).chain(unknown).copied().collect();
    if told.len() > 1 {
        lock(tx, &told).await?;
    }
    let settled = accept(tx, accepted).await?;
    if !refused.is_empty() {
        sqlx::query!(
            "update message m set state = 'failed', error_code = r.code
             from unnest($1::uuid[], $2::int[]) as r (id, code)
             where m.id = any($1) and m.id = r.id and m.state in ('sending', 'unknown') and m.send_job_id = any($3)",
            &refused.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
            &refused.iter().map(|(_, code)| *code).collect::<Vec<_>>(),
            &send_jobs,
        )
        .execute(tx.conn())
        .await?;
    }
    if !postponed.is_empty() {
        sqlx::query!(
            "update message m set state = 'held', reason = p.reason, held_until = p.until, lane = null, rate_slot = null,
                 send_job_id = null
             from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as p (id, reason, until)
             where m.id = any($1) and m.id = p.id and m.state in ('sending', 'unknown') and m.send_job_id = any($4)",
            &postponed.iter().map(|held| held.id.0).collect::<Vec<_>>(),
            &postponed.iter().map(|held| held.reason.as_str().to_owned()).collect::<Vec<_>>(),
            &postponed.iter().map(|held| held.until).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
            &send_jobs,
        )
        .execute(tx.conn())
        .await?;
    }
    if !unknown.is_empty() {
        let unknown: Vec<_> = unknown.iter().map(|id| id.0).collect();
        sqlx::query!(
            "update message set state = 'unknown' where id = any($1) and state = 'sending' and send_job_id = any($2)",
            &unknown,
            &send_jobs,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(settled)
}

/// Locks several messages in the order of their ids, as receipts do: each of several statements on
/// some of them would have an order of its own.
pub(super) async fn lock(tx: &mut Tx, ids: &[MessageId]) -> Result<()> {
    sqlx::query!(
        "select from message where id = any($1) order by id for update",
        &ids.iter().map(|id| id.0).collect::<Vec<_>>()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// Records that the carrier has messages. Nearly always they are reserved and nothing was heard of
/// them before: one change each, which settles them as well.
async fn accept(tx: &mut Tx, accepted: &[(MessageId, String)]) -> Result<Settled> {
    if accepted.is_empty() {
        return Ok(Settled::default());
    }
    let (ids, sids): (Vec<_>, Vec<_>) = accepted.iter().map(|(id, sid)| (id.0, sid.clone())).unzip();
    let rows = sqlx::query!(
        "update message m
         set state = 'sent', reason = null, held_until = null, lane = null,
             carrier_sid = coalesce(m.carrier_sid, a.sid), sent_at = coalesce(m.sent_at, clock_timestamp()),
             cap_state = case when m.cap_state = 'reserved' then 'settled' end
         from unnest($1::uuid[], $2::text[]) as a (id, sid)
         where m.id = any($1) and m.id = a.id and m.state in ('sending', 'unknown') and (m.cap_state = 'reserved' or m.cap_carrier is null)
         returning m.id, m.cap_carrier, m.cap_day, m.segments",
        &ids,
        &sids,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut settled = Settled::default();
    let mut done = BTreeSet::new();
    for row in rows {
        done.insert(MessageId(row.id));
        if let (Some(carrier), Some(day)) = (row.cap_carrier, row.cap_day) {
            *settled.segments.entry((carrier, CarrierDay(day))).or_default() += i64::from(row.segments);
        }
    }
    settled.others = accepted.iter().map(|(id, _)| *id).filter(|id| !done.contains(id)).collect();
    if !settled.others.is_empty() {
        sqlx::query!(
            "update message m
             set state = case when m.state in ('sending', 'unknown', 'queued', 'held', 'cancelled') then 'sent' else m.state end,
                 reason = null, held_until = null, lane = null,
                 carrier_sid = coalesce(m.carrier_sid, a.sid), sent_at = coalesce(m.sent_at, clock_timestamp())
             from unnest($1::uuid[], $2::text[]) as a (id, sid)
             where m.id = any($3) and m.id = a.id",
            &ids,
            &sids,
            &settled.others.iter().map(|id| id.0).collect::<Vec<_>>(),
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(settled)
}

/// Brings the cap ledger up to outcomes that [`settle`] has recorded; returns the segments that
/// were given back, by the day of the ledger.
pub async fn settle_ledger(
    tx: &mut Tx,
    brand_id: BrandId,
    outcomes: &Outcomes,
    settled: &Settled,
) -> Result<BTreeMap<CarrierDay, i64>> {
    let refund: Vec<_> =
        outcomes.refused.iter().map(|(id, _)| *id).chain(outcomes.postponed.iter().map(|held| held.id)).collect();
    let touched: Vec<_> = outcomes.accepted.iter().map(|(id, _)| *id).chain(refund.iter().copied()).collect();
    if settled.segments.len() > 1 || !settled.others.is_empty() || !refund.is_empty() {
        lock_ledgers(tx, brand_id, &touched).await?;
    }
    if !settled.segments.is_empty() {
        sqlx::query!(
            "update cap_ledger l set reserved = l.reserved - s.segments, settled = l.settled + s.segments
             from unnest($2::text[], $3::date[], $4::bigint[]) as s (carrier, day, segments)
             where l.brand_id = $1 and l.carrier = s.carrier and l.day = s.day",
            brand_id.0,
            &settled.segments.keys().map(|(carrier, _)| carrier.clone()).collect::<Vec<_>>(),
            &settled.segments.keys().map(|(_, day)| day.0).collect::<Vec<_>>(),
            &settled.segments.values().copied().collect::<Vec<_>>(),
        )
        .execute(tx.conn())
        .await?;
    }
    settle_caps(tx, brand_id, &settled.others).await?;
    refund_caps(tx, brand_id, &refund).await
}

/// Locks the ledgers that messages are in. They are locked in one order everywhere, in any order of
/// their changes, and after the messages.
pub async fn lock_ledgers(tx: &mut Tx, brand_id: BrandId, messages: &[MessageId]) -> Result<()> {
    sqlx::query!(
        "select from cap_ledger
         where brand_id = $1 and (carrier, day) in (select cap_carrier, cap_day from message where id = any($2))
         order by carrier, day for no key update",
        brand_id.0,
        &messages.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// Settles the segments of messages that the carrier has, with ledgers that are locked; a second
/// time does nothing. Segments of one that was given up before, and that the carrier turns out to
/// have, are counted again where they were.
pub async fn settle_caps(tx: &mut Tx, brand_id: BrandId, ids: &[MessageId]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with before as (
             select id, cap_state from message
             where id = any($2) and cap_carrier is not null and cap_state is distinct from 'settled' order by id for update
         ), moved as (
             update message m set cap_state = 'settled' from before b where m.id = b.id
             returning m.cap_carrier, m.cap_day, m.segments, case b.cap_state when 'reserved' then m.segments else 0 end as reserved
         ), sums as (
             select cap_carrier, cap_day, sum(segments) as segments, sum(reserved) as reserved from moved group by cap_carrier, cap_day
         )
         update cap_ledger l set reserved = l.reserved - s.reserved, settled = l.settled + s.segments,
             daily_limit = greatest(l.daily_limit, l.reserved - s.reserved + l.settled + s.segments)
         from sums s where l.brand_id = $1 and l.carrier = s.cap_carrier and l.day = s.cap_day",
        brand_id.0,
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives back the reserved segments of messages that the carrier did not take, with ledgers that
/// are locked, and returns them by day. Segments that a receipt has settled stay. Where they were
/// reserved stays with the message, in case the carrier has it after all.
pub async fn refund_caps(tx: &mut Tx, brand_id: BrandId, ids: &[MessageId]) -> Result<BTreeMap<CarrierDay, i64>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query!(
        "with given_back as (
             update message m set cap_state = null
             where m.id = any($2) and m.cap_state = 'reserved' and m.state in ('held', 'failed', 'queued')
             returning m.cap_carrier, m.cap_day, m.segments
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

/// Numbers that turned out to take no texts, and the type that their lines so have, by the
/// carrier's word (rule S7), which counts as a lookup. Of two words about one number the later
/// text's counts.
pub async fn mark_not_textable(tx: &mut Tx, messages: &[(MessageId, LineType)]) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "update contact c set line_type = said.line_type, looked_up_at = now(), updated_at = now()
         from (
             select distinct on (m.contact_id) m.contact_id, s.line_type
             from unnest($1::uuid[], $2::text[]) as s (id, line_type) join message m on m.id = s.id
             where m.id = any($1)
             order by m.contact_id, m.id desc
         ) said
         where c.id = said.contact_id and c.line_type <> said.line_type",
        &messages.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        &messages.iter().map(|(_, line)| line.as_str().to_owned()).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// People with an opt-out at the carrier (rule S7): they have opted out here, and their threads
/// leave the agents' unread lists (rule I3).
pub async fn mark_opted_out(tx: &mut Tx, messages: &[MessageId]) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    let said = sqlx::query!(
        r#"select organization_id as "organization_id!", array_agg(distinct contact_id) as "contacts!"
           from message where id = any($1) group by organization_id order by organization_id"#,
        &messages.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    let mut shared = Vec::new();
    for row in said {
        let contacts: Vec<_> = row.contacts.into_iter().map(ContactId).collect();
        if let Some(words) = account_words::lock(tx, OrganizationId(row.organization_id), &contacts).await? {
            shared.push((words, contacts));
        }
    }
    sqlx::query!(
        "with opted_out as (
             update contact set opted_out_at = clock_timestamp(), opt_out_reason = 'opted out at the carrier', opt_out_origin = 'carrier',
                 updated_at = now()
             where id in (select contact_id from message where id = any($1)) and opted_out_at is null
             returning id
         )
         update thread t set unread_since = null, held_by = null, held_until = null from opted_out o where t.contact_id = o.id",
        &messages.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    // No undo of an agent's own takes it back (rule W9).
    sqlx::query!(
        "delete from agent_opt_out where contact_id in (select contact_id from message where id = any($1))",
        &messages.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    for (words, contacts) in &shared {
        account_words::spread(tx, words, contacts).await?;
    }
    Ok(())
}
