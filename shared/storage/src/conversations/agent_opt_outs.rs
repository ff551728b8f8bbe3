//! Opt-outs that agents record in a conversation, and their short undo (rules R2, I3 and W9).
//!
//! Locks are taken in the order of the worker that handles a contact's text: the word of its number
//! where an account shares opt-outs, the contact, then threads. Under the contact's lock no text of
//! theirs comes in, so that all that was said is known.

use chrono::{DateTime, Utc};
use muster_domain::{
    conversations::{agent_opt_out::AgentOptOut, word::Standing},
    ids::{ContactId, MemberId, OrganizationId, ThreadId},
    people::contact::OptOutOrigin,
};
use uuid::Uuid;

use super::threads::Locked;
use crate::{
    Result, Tx,
    people::{account_words, contacts},
};

/// Returns the contact of a thread of this organization, locked; the thread is not.
pub async fn lock_contact(tx: &mut Tx, organization_id: OrganizationId, id: ThreadId) -> Result<Option<ContactId>> {
    let contact = sqlx::query_scalar!(
        "select c.id from contact c
         where c.id = (select contact_id from thread where id = $1 and organization_id = $2) for update",
        id.0,
        organization_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(contact.map(ContactId))
}

/// Why the contact wants no texts.
#[derive(Debug, Clone, Copy)]
pub struct Reason<'a> {
    /// In words.
    pub words: &'a str,
    /// Its tag, where the contact had it not before: an undo takes it away.
    pub new_tag: Option<Uuid>,
}

/// Records an opt-out by an agent that works on a conversation, of a contact that is locked and has
/// not opted out. It holds at once (rule S9), ends the claims on all of the contact's
/// conversations, and is a result of the goal that texted there. All that an undo restores is kept
/// beside it.
pub async fn record(
    tx: &mut Tx,
    organization_id: OrganizationId,
    locked: &Locked,
    agent_id: MemberId,
    reason: Reason<'_>,
) -> Result<AgentOptOut> {
    let contact = locked.contact_id.0;
    // Conversations of other organizations that hear it are hidden too, and come back with an undo.
    let hearing = account_words::hearing(tx, organization_id, locked.contact_id).await?;
    let unread = sqlx::query!(
        r#"select id, unread_since as "unread_since!" from thread
           where contact_id = any($1) and unread_since is not null order by id for update"#,
        &hearing.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(tx.conn())
    .await?;
    let word_before =
        sqlx::query_scalar!("select last_word from contact where id = $1", contact).fetch_one(tx.conn()).await?;
    contacts::opt_out_from(tx, organization_id, locked.contact_id, OptOutOrigin::Agent, reason.words, None).await?;
    let result = sqlx::query_scalar!(
        "update target set opted_out_at = clock_timestamp()
         where goal_id = $1 and contact_id = $2 and opted_out_at is null and was_messaged(initial_message_id)
         returning goal_id",
        locked.goal_id.map(|id| id.0),
        contact,
    )
    .fetch_optional(tx.conn())
    .await?;
    let claim = locked.thread.claim;
    let row = sqlx::query!(
        r#"insert into agent_opt_out as a (contact_id, thread_id, agent_id, at, word, word_before, texts_before, goal_id, tag_id,
               unread_threads, unread_since, held_since, held_until)
           select c.id, $2, $3, c.opted_out_at, c.last_word, $4,
               (select count(*) from message m where m.contact_id = c.id and m.kind = 'inbound'), $5, $6, $7, $8, $9, $10
           from contact c where c.id = $1
           on conflict (contact_id) do update set thread_id = excluded.thread_id, agent_id = excluded.agent_id, at = excluded.at,
               word = excluded.word, word_before = excluded.word_before, texts_before = excluded.texts_before,
               goal_id = excluded.goal_id, tag_id = excluded.tag_id, unread_threads = excluded.unread_threads, unread_since = excluded.unread_since,
               held_since = excluded.held_since, held_until = excluded.held_until
           returning a.at, a.word, a.texts_before"#,
        contact,
        locked.id.0,
        agent_id.0,
        word_before,
        result,
        reason.new_tag,
        &unread.iter().map(|thread| thread.id).collect::<Vec<_>>(),
        &unread.iter().map(|thread| thread.unread_since).collect::<Vec<_>>(),
        claim.map(|claim| claim.since),
        claim.map(|claim| claim.until),
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(AgentOptOut { agent_id, at: row.at, word: row.word, word_before, texts_before: row.texts_before })
}

/// An opt-out with all that decides about its undo, under the contact's lock.
#[derive(Debug, Clone, Copy)]
pub struct Undoable {
    /// As it was recorded.
    pub opt_out: AgentOptOut,
    /// The contact as they stand.
    pub standing: Standing,
    /// Texts of the contact until now.
    pub texts: i64,
    /// The reason's tag, where the contact had it not before.
    pub new_tag: Option<Uuid>,
    /// The instant of reading it, by the database's clock.
    pub now: DateTime<Utc>,
}

/// Returns the opt-out that an agent recorded in this conversation and that nothing has changed
/// since. The contact is locked.
pub async fn undoable(tx: &mut Tx, contact_id: ContactId, id: ThreadId) -> Result<Option<Undoable>> {
    let row = sqlx::query!(
        r#"select a.agent_id, a.at, a.word, a.word_before, a.texts_before, a.tag_id, c.last_word,
               (c.opted_out_at is not null and c.redacted_at is null) as "opted_out!", clock_timestamp() as "now!",
               (select count(*) from message m where m.contact_id = c.id and m.kind = 'inbound') as "texts!"
           from agent_opt_out a join contact c on c.id = a.contact_id
           where a.contact_id = $1 and a.thread_id = $2"#,
        contact_id.0,
        id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Undoable {
        opt_out: AgentOptOut {
            agent_id: MemberId(row.agent_id),
            at: row.at,
            word: row.word,
            word_before: row.word_before,
            texts_before: row.texts_before,
        },
        standing: Standing { opted_out: row.opted_out, last_word: row.last_word },
        texts: row.texts,
        new_tag: row.tag_id,
        now: row.now,
    }))
}

/// Undoes an opt-out: the contact stands by the word of before, their conversations wait for an
/// answer again, and the agent has the claim back, as long as it would have lasted and no agent
/// holds the conversation. Texts that the opt-out has cancelled stay so.
pub async fn undo(tx: &mut Tx, organization_id: OrganizationId, contact_id: ContactId, after: Standing) -> Result<()> {
    let words = account_words::lock(tx, organization_id, &[contact_id]).await?;
    let row = sqlx::query!(
        r#"select word, thread_id, agent_id, goal_id, unread_threads as "unread_threads: Vec<Uuid>",
               unread_since as "unread_since: Vec<DateTime<Utc>>", held_since, held_until
           from agent_opt_out where contact_id = $1"#,
        contact_id.0,
    )
    .fetch_one(tx.conn())
    .await?;
    if let Some(words) = &words {
        account_words::unsay(tx, words, row.word, after).await?;
    }
    // The trigger takes the record away.
    sqlx::query!(
        "update contact set opted_out_at = null, opt_out_reason = null, opt_out_origin = null, last_word = $2, updated_at = now() where id = $1",
        contact_id.0,
        after.last_word,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update target set opted_out_at = null where goal_id = $1 and contact_id = $2",
        row.goal_id,
        contact_id.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "with locked as (
             select id from thread where id = any($1) or id = $3 order by id for update
         )
         update thread t set
             unread_since = coalesce((select u.since from unnest($1::uuid[], $2::timestamptz[]) as u (id, since) where u.id = t.id), t.unread_since),
             held_by = case when b.is_back then $4 else t.held_by end,
             held_since = case when b.is_back then $5 else t.held_since end,
             held_until = case when b.is_back then $6 else t.held_until end
         from locked l
         cross join lateral (
             select l.id = $3 and $6::timestamptz > clock_timestamp() and texts_in(o.group_id, $4)
                 and (o.held_until is null or o.held_until <= clock_timestamp()) as is_back
             from thread o where o.id = l.id
         ) b
         where t.id = l.id",
        &row.unread_threads,
        &row.unread_since,
        row.thread_id,
        row.agent_id,
        row.held_since,
        row.held_until,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
