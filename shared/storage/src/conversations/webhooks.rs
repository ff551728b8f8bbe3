//! Inbound texts as the carrier's webhook brought them, and their contacts
//! (rules I1, I3, I5 and I6).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use muster_domain::{
    conversations::{
        outcome::InboundOutcome,
        word::{OwnWords, Standing},
    },
    ids::{AccountId, ContactId, GoalId, GroupId, MemberId, OrganizationId, ThreadId, WebhookId},
    people::{e164::E164, phone_hash::PhoneHashes},
    tenancy::settings::OrganizationSettings,
};
use serde_json::Value;
use sqlx::types::Json;

use crate::{
    Pool, Result, Tx,
    db::error::read_word,
    people::{account_words, phone_keys},
};

/// Records an inbound text once; returns its number in the order in which texts are received, or
/// none when the carrier has sent this one before.
pub async fn record(
    tx: &mut Tx,
    id: WebhookId,
    provider: &str,
    carrier_sid: &str,
    payload: &Value,
) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        "insert into webhook (id, provider, carrier_sid, payload) values ($1, $2, $3, $4)
         on conflict (provider, carrier_sid) do nothing
         returning receive_order",
        id.0,
        provider,
        carrier_sid,
        payload,
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// An inbound text to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct NewWebhook<'a> {
    /// Made by the caller.
    pub id: WebhookId,
    /// The carrier's id.
    pub carrier_sid: &'a str,
    /// The carrier's request, as the api has read it.
    pub payload: &'a Value,
}

/// Records inbound texts in their order; returns those that the carrier has not sent before.
pub async fn record_all(tx: &mut Tx, provider: &str, texts: &[NewWebhook<'_>]) -> Result<HashSet<WebhookId>> {
    let ids: Vec<_> = texts.iter().map(|text| text.id.0).collect();
    let sids: Vec<_> = texts.iter().map(|text| text.carrier_sid).collect();
    let payloads: Vec<_> = texts.iter().map(|text| text.payload.clone()).collect();
    let fresh = sqlx::query_scalar!(
        "insert into webhook (id, provider, carrier_sid, payload)
         select id, $1, carrier_sid, payload
         from unnest($2::uuid[], $3::text[], $4::jsonb[]) with ordinality as new (id, carrier_sid, payload, number)
         order by number
         on conflict (provider, carrier_sid) do nothing
         returning id",
        provider,
        &ids,
        &sids as &[&str],
        &payloads,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(fresh.into_iter().map(WebhookId).collect())
}

/// A recorded text that nobody has dealt with yet.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The carrier's id.
    pub carrier_sid: String,
    /// The carrier's request, as the api has read it.
    pub payload: Value,
    /// Its number in the order in which texts are received.
    pub receive_order: i64,
    /// When it was received.
    pub received_at: DateTime<Utc>,
}

/// Locks a recorded text that nobody has dealt with yet.
pub async fn lock(tx: &mut Tx, id: WebhookId) -> Result<Option<Recorded>> {
    Ok(lock_all(tx, &[id]).await?.remove(&id))
}

/// Locks recorded texts, as [`lock`] does.
pub async fn lock_all(tx: &mut Tx, ids: &[WebhookId]) -> Result<HashMap<WebhookId, Recorded>> {
    let rows = sqlx::query!(
        r#"select id, carrier_sid, payload as "payload!", receive_order, received_at from webhook
           where id = any($1) and processed_at is null and payload is not null order by id for update"#,
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let recorded = Recorded {
                carrier_sid: row.carrier_sid,
                payload: row.payload,
                receive_order: row.receive_order,
                received_at: row.received_at,
            };
            (WebhookId(row.id), recorded)
        })
        .collect())
}

/// Marks texts as dealt with. Their payloads go: the parts that are needed are in their threads.
pub async fn processed(tx: &mut Tx, ids: &[WebhookId], outcome: InboundOutcome) -> Result<()> {
    sqlx::query!(
        "update webhook set processed_at = now(), payload = null, outcome = $2 where id = any($1)",
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
        outcome.as_str()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Texts that are in no conversation, for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Astray {
    /// The reason.
    pub outcome: InboundOutcome,
    /// How many texts.
    pub texts: i64,
}

/// Texts of the last days that are in no conversation, by the reason, for operators.
pub async fn astray(pool: &Pool, days: i32) -> Result<Vec<Astray>> {
    let rows = sqlx::query!(
        r#"select outcome as "outcome!", count(*) as "texts!" from webhook
           where outcome <> 'conversation' and received_at > now() - make_interval(days => $1)
           group by outcome order by outcome"#,
        days,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter().map(|row| Ok(Astray { outcome: read_word("webhook", &row.outcome)?, texts: row.texts })).collect()
}

/// Owner of the number that a text was sent to.
#[derive(Debug, Clone)]
pub struct Addressee {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The group; none while the number is nobody's.
    pub group_id: Option<GroupId>,
    /// The agent.
    pub agent_id: Option<MemberId>,
    /// The tenant's own opt-out words.
    pub opt_out_keywords: Vec<String>,
    /// The tenant's own opt-in words.
    pub opt_in_keywords: Vec<String>,
}

impl Addressee {
    /// Returns the tenant's own words.
    pub fn own_words(&self) -> OwnWords<'_> {
        OwnWords { opt_out: &self.opt_out_keywords, opt_in: &self.opt_in_keywords }
    }
}

/// Finds the number's organization: one of the account that the number belongs to.
pub async fn addressee(tx: &mut Tx, to: &E164) -> Result<Option<Addressee>> {
    Ok(addressees(tx, &[to]).await?.remove(to))
}

/// Finds the organizations of numbers, as [`addressee`] does.
pub async fn addressees(tx: &mut Tx, numbers: &[&E164]) -> Result<HashMap<E164, Addressee>> {
    let numbers: Vec<_> = numbers.iter().map(|number| number.as_str()).collect();
    let rows = sqlx::query!(
        r#"select n.e164, n.organization_id, n.group_id, n.agent_id, o.settings as "settings: Json<OrganizationSettings>"
           from sender_number n
           join organization o on o.id = n.organization_id
           left join number_owner w on w.e164 = n.e164
           where n.e164 = any($1) and (w.e164 is null or w.account_id = o.account_id)"#,
        &numbers as &[&str],
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let addressee = Addressee {
                organization_id: OrganizationId(row.organization_id),
                group_id: row.group_id.map(GroupId),
                agent_id: row.agent_id.map(MemberId),
                opt_out_keywords: row.settings.0.opt_out_keywords,
                opt_in_keywords: row.settings.0.opt_in_keywords,
            };
            Ok((E164::parse(&row.e164)?, addressee))
        })
        .collect()
}

/// Sender of a text.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    /// The contact.
    pub contact_id: ContactId,
    /// Whether they had opted out before, and by which word.
    pub standing: Standing,
}

/// Finds a contact by number without making one.
pub async fn known_writer(tx: &mut Tx, organization_id: OrganizationId, from: &E164) -> Result<Option<Writer>> {
    let row = sqlx::query!(
        r#"select id, opted_out_at is not null as "opted_out!", last_word from contact where organization_id = $1 and e164 = $2"#,
        organization_id.0,
        from.as_str(),
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Writer {
        contact_id: ContactId(row.id),
        standing: Standing { opted_out: row.opted_out, last_word: row.last_word },
    }))
}

/// Finds or makes the contact that wrote to a group (rule I6: unnamed, also where other groups have
/// a name, rule A5). A contact that was deactivated before they wrote is active there again
/// (rule I5). One that opted out before a redaction still has (rule R4), until they say otherwise.
pub async fn writer(
    tx: &mut Tx,
    organization_id: OrganizationId,
    group_id: GroupId,
    from: &E164,
    hashes: &PhoneHashes,
    received_at: DateTime<Utc>,
) -> Result<Writer> {
    let account = sqlx::query_scalar!("select account_id from organization where id = $1", organization_id.0)
        .fetch_one(tx.conn())
        .await?;
    let words = account_words::lock_numbers(tx, organization_id, &[from.as_str().to_owned()]).await?;
    phone_keys::rehash(tx, AccountId(account), hashes).await?;
    let made = sqlx::query!(
        "insert into contact (id, organization_id, e164, source, opted_out_at, opt_out_reason, opt_out_origin, last_word)
         select $1, o.id, $3, 'inbound', case when s.opted_out then now() end,
             case when s.opted_out then 'opted out before redaction' end, case when s.opted_out then 'redacted' end,
             case when s.opted_out then 0 end
         from organization o
         left join suppression s on s.account_id = o.account_id and s.organization_id = o.id and s.phone_hash = $4
         where o.id = $2
         on conflict do nothing",
        ContactId::new().0,
        organization_id.0,
        from.as_str(),
        &hashes.current[..],
    )
    .execute(tx.conn())
    .await?
    .rows_affected()
        == 1;
    if let Some(words) = &words {
        if made {
            account_words::hear(tx, words, organization_id, hashes).await?;
        }
        account_words::forget_silent(tx, words).await?;
    }
    let row = sqlx::query!(
        r#"select id, opted_out_at is not null as "opted_out!", last_word
           from contact where organization_id = $1 and e164 = $2 for update"#,
        organization_id.0,
        from.as_str(),
    )
    .fetch_one(tx.conn())
    .await?;
    sqlx::query!(
        r#"insert into membership (group_id, contact_id, knows) values ($1, $2, case when not $4 then '{"fields": {}, "tags": []}'::jsonb end)
         on conflict (group_id, contact_id) do update set deactivated_at = null where membership.deactivated_at <= $3"#,
        group_id.0,
        row.id,
        received_at,
        made,
    )
    .execute(tx.conn())
    .await?;
    Ok(Writer {
        contact_id: ContactId(row.id),
        standing: Standing { opted_out: row.opted_out, last_word: row.last_word },
    })
}

/// A text from a number to a group.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The tenant.
    pub organization_id: OrganizationId,
    /// The group that has the number which was written to.
    pub group_id: GroupId,
    /// The agent that has this number.
    pub agent_id: Option<MemberId>,
    /// The writer's number.
    pub from: &'a E164,
}

/// The conversation of a text with a contact and a thread that are there already.
#[derive(Debug, Clone, Copy)]
pub struct StandingConversation {
    /// The place of its text among those that were asked for.
    pub nth: usize,
    /// The writer.
    pub writer: Writer,
    /// The conversation.
    pub thread_id: ThreadId,
    /// The goal that it is about.
    pub goal_id: Option<GoalId>,
}

/// Finds the conversations that stand: their contacts and threads need not be made or changed
/// before the text, and no automation looks at it. Such a text changes nothing but its conversation
/// unless it is a word. Locks contacts, memberships and threads. The other texts are for
/// [`writer`].
pub async fn standing_conversations(tx: &mut Tx, arrivals: &[Arrival<'_>]) -> Result<Vec<StandingConversation>> {
    let rows = sqlx::query_file!(
        "src/conversations/standing_conversations.sql",
        &arrivals.iter().map(|arrival| arrival.organization_id.0).collect::<Vec<_>>(),
        &arrivals.iter().map(|arrival| arrival.group_id.0).collect::<Vec<_>>(),
        &arrivals.iter().map(|arrival| arrival.agent_id.map(|id| id.0)).collect::<Vec<_>>() as &[Option<uuid::Uuid>],
        &arrivals.iter().map(|arrival| arrival.from.as_str()).collect::<Vec<_>>() as &[&str],
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let standing = Standing { opted_out: row.opted_out, last_word: row.last_word };
            Ok(StandingConversation {
                nth: usize::try_from(row.nth - 1).unwrap_or(usize::MAX),
                writer: Writer { contact_id: ContactId(row.contact_id), standing },
                thread_id: ThreadId(row.thread_id),
                goal_id: row.goal_id.map(GoalId),
            })
        })
        .collect()
}

/// Returns whether this contact has had the one confirmation of their opt-out since they last opted
/// in (rule I3), from any organization that hears their words.
pub async fn confirmed(tx: &mut Tx, organization_id: OrganizationId, contact_id: ContactId) -> Result<bool> {
    let contacts = account_words::hearing(tx, organization_id, contact_id).await?;
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from message m join contact c on c.id = m.contact_id
               where m.contact_id = any($1) and m.kind = 'opt_out_confirmation' and m.created_at >= c.opted_out_at) as "any!""#,
        &contacts.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_one(tx.conn())
    .await?)
}
