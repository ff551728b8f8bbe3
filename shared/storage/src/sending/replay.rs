//! Texts that the carrier got after a backup, told to the restored database by the carrier's list
//! (rules R6, S2 and B7), so that nobody is texted twice.
//!
//! A text is one that waits, word by word; or the initial or reminder of the one target that it can
//! be. Where it can be several, none of them is sent.

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::MessageId,
    people::e164::E164,
    sending::{message::MessageKind, segments::Segments},
    tenancy::settings::OrganizationSettings,
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Result, Tx};

/// A text that the carrier has.
#[derive(Debug, Clone)]
pub struct CarrierText {
    /// The carrier's id.
    pub sid: String,
    /// From which number.
    pub from: E164,
    /// To which number.
    pub to: E164,
    /// The text.
    pub body: String,
    /// Its count.
    pub segments: Segments,
    /// When the carrier got it.
    pub at: DateTime<Utc>,
}

/// A text of the carrier's list, as the database sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The database knew it, or a hand-over that is still to be settled is it.
    Known(MessageId),
    /// The database has it from now on.
    Found(MessageId),
    /// It can be several texts: none of them is sent.
    Open,
    /// It is from a number, or to somebody, that the database does not know.
    Foreign,
}

/// The contact that a text went to, and the conversation that it is in.
struct Recipient {
    organization: Uuid,
    contact: Uuid,
    group: Uuid,
    agent: Option<Uuid>,
}

/// A target that a text may have been sent for.
#[derive(Clone, Copy)]
struct Candidate {
    goal: Uuid,
    kind: MessageKind,
}

/// Finds a text of the carrier's list among ours, and writes it down. `since` is the instant from
/// which on texts are missing: goals that closed before have sent none.
pub async fn replay(tx: &mut Tx, text: &CarrierText, since: DateTime<Utc>) -> Result<Finding> {
    let row = sqlx::query!(
        r#"select c.organization_id, c.id as contact_id, coalesce(th.group_id, n.group_id) as "group_id!", coalesce(th.agent_id, n.agent_id) as agent_id,
               o.settings as "settings: Json<OrganizationSettings>"
           from sender_number n
           join organization o on o.id = n.organization_id
           join contact c on c.organization_id = n.organization_id and c.e164 = $2
           left join thread th on th.sender_e164 = n.e164 and th.contact_id = c.id
           where n.e164 = $1 and coalesce(th.group_id, n.group_id) is not null
           limit 1"#,
        text.from.as_str(),
        text.to.as_str(),
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(Finding::Foreign) };
    let recipient = Recipient {
        organization: row.organization_id,
        contact: row.contact_id,
        group: row.group_id,
        agent: row.agent_id,
    };
    // In the order of every other writer: the contact first.
    sqlx::query!("select from contact where id = $1 for update", recipient.contact).fetch_one(tx.conn()).await?;
    if let Some(id) = known(tx, text, &recipient).await? {
        return Ok(Finding::Known(id));
    }
    if let Some(id) = waiting(tx, text, &recipient).await? {
        return Ok(Finding::Found(id));
    }
    if let Some(kind) = of_the_organization(&text.body, &row.settings) {
        return Ok(Finding::Found(write(tx, text, &recipient, kind, None).await?));
    }
    let candidates = candidates(tx, &recipient, since).await?;
    let doubtful = leave_unknown(tx, text, &recipient).await?;
    match candidates.as_slice() {
        _ if doubtful > 0 || candidates.len() > 1 => {
            for candidate in &candidates {
                give_up(tx, &recipient, *candidate).await?;
            }
            write(tx, text, &recipient, MessageKind::Reply, None).await?;
            Ok(Finding::Open)
        }
        [one] => Ok(Finding::Found(write(tx, text, &recipient, one.kind, Some(one.goal)).await?)),
        // An answer in a conversation, or a text of a goal that the backup does not have.
        _ => Ok(Finding::Found(write(tx, text, &recipient, MessageKind::Reply, None).await?)),
    }
}

/// Returns the kind of a text that the organization itself says: no target's, and the one
/// confirmation of an opt-out (rule I3).
fn of_the_organization(body: &str, settings: &OrganizationSettings) -> Option<MessageKind> {
    if body == settings.opt_out_text {
        Some(MessageKind::OptOutConfirmation)
    } else {
        (body == settings.help_text).then_some(MessageKind::Help)
    }
}

/// Returns the message with this id of the carrier, or one with a hand-over that the carrier is
/// still to be asked about.
async fn known(tx: &mut Tx, text: &CarrierText, recipient: &Recipient) -> Result<Option<MessageId>> {
    let id = sqlx::query_scalar!(
        "select id from message
         where contact_id = $1 and (carrier_sid = $2 or (state in ('sending', 'unknown') and carrier_sid is null and body = $3))
         order by carrier_sid is null, id limit 1",
        recipient.contact,
        text.sid,
        text.body,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(MessageId))
}

/// Marks a text that waits, and that the carrier has word by word, as sent.
async fn waiting(tx: &mut Tx, text: &CarrierText, recipient: &Recipient) -> Result<Option<MessageId>> {
    let id = sqlx::query_scalar!(
        "update message set state = 'sent', carrier_sid = $2, sent_at = $4, handed_over_at = $4, reason = null, held_until = null, lane = null,
             rate_slot = null, send_job_id = null
         where id = (
             select m.id from message m join thread t on t.id = m.thread_id
             where m.contact_id = $1 and t.sender_e164 = $5 and m.state in ('queued', 'held') and m.body = $3
             order by m.id limit 1)
         returning id",
        recipient.contact,
        text.sid,
        text.body,
        text.at,
        text.from.as_str(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(MessageId))
}

/// Returns the targets that have no text yet and that the text may have been sent for.
async fn candidates(tx: &mut Tx, recipient: &Recipient, since: DateTime<Utc>) -> Result<Vec<Candidate>> {
    let rows = sqlx::query!(
        r#"select t.goal_id, t.initial_message_id is null as "initial!"
           from target t join goal g on g.id = t.goal_id
           where t.contact_id = $1 and g.group_id = $2 and g.launched_at is not null and g.closes_at > $3 and t.skipped_at is null
             and (t.initial_message_id is null or (g.reminder_script is not null and t.answer = 'yes' and t.reminder_message_id is null))
           order by t.goal_id"#,
        recipient.contact,
        recipient.group,
        since,
    )
    .fetch_all(tx.conn())
    .await?;
    let kind = |initial| if initial { MessageKind::Initial } else { MessageKind::Reminder };
    Ok(rows.into_iter().map(|row| Candidate { goal: row.goal_id, kind: kind(row.initial) }).collect())
}

/// Initials and reminders that wait and have other words may be the text as well: nobody can tell,
/// and they stay unknown for good. Returns how many.
async fn leave_unknown(tx: &mut Tx, text: &CarrierText, recipient: &Recipient) -> Result<u64> {
    let done = sqlx::query!(
        "update message m set state = 'unknown', handed_over_at = $3, reason = null, held_until = null, lane = null, rate_slot = null,
             send_job_id = null
         from thread t
         where t.id = m.thread_id and m.contact_id = $1 and t.sender_e164 = $2 and m.state in ('queued', 'held')
           and m.kind in ('initial', 'reminder')",
        recipient.contact,
        text.from.as_str(),
        text.at,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Takes a target out of its goal's texts: it may have had this one.
async fn give_up(tx: &mut Tx, recipient: &Recipient, candidate: Candidate) -> Result<()> {
    let reminder = candidate.kind == MessageKind::Reminder;
    sqlx::query!(
        "update target set skipped_at = clock_timestamp(), skip_reason = 'maybe_texted'
         where goal_id = $1 and contact_id = $2 and (not $3 or reminder_message_id is null)",
        candidate.goal,
        recipient.contact,
        reminder,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes the text down as sent, for a goal's target or in the conversation alone.
async fn write(
    tx: &mut Tx,
    text: &CarrierText,
    recipient: &Recipient,
    kind: MessageKind,
    goal: Option<Uuid>,
) -> Result<MessageId> {
    let thread = sqlx::query_scalar!(
        "insert into thread (id, organization_id, group_id, contact_id, sender_e164, goal_id, agent_id, last_message_at)
         values (uuid_v7(), $1, $2, $3, $4, $5, $6, $7)
         on conflict (group_id, contact_id) do update set last_message_at = greatest(thread.last_message_at, excluded.last_message_at),
             goal_id = coalesce(excluded.goal_id, thread.goal_id)
         returning id",
        recipient.organization,
        recipient.group,
        recipient.contact,
        text.from.as_str(),
        goal,
        recipient.agent,
        text.at,
    )
    .fetch_one(tx.conn())
    .await?;
    let id = MessageId::new();
    sqlx::query!(
        "insert into message (id, organization_id, group_id, goal_id, contact_id, thread_id, agent_id, kind, state, body, encoding, segments,
             carrier_sid, sent_at, handed_over_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'sent', $9, $10, $11, $12, $13, $13, $13)",
        id.0,
        recipient.organization,
        recipient.group,
        goal,
        recipient.contact,
        thread,
        recipient.agent,
        kind.as_str(),
        text.body,
        text.segments.encoding.as_str(),
        i32::try_from(text.segments.segments).unwrap_or(i32::MAX),
        text.sid,
        text.at,
    )
    .execute(tx.conn())
    .await?;
    if let Some(goal) = goal {
        sqlx::query!(
            "update target set initial_message_id = case when $4 then $3 else initial_message_id end,
                 reminder_message_id = case when $4 then reminder_message_id else $3 end
             where goal_id = $1 and contact_id = $2",
            goal,
            recipient.contact,
            id.0,
            kind == MessageKind::Initial,
        )
        .execute(tx.conn())
        .await?;
    }
    Ok(id)
}
