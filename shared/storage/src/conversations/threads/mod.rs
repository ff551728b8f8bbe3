//! Threads: the one conversation between a group and a contact (rules W2, W3 and I3).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::{
    conversations::{
        thread::{Claim, Thread as StandingThread},
        word::Shown,
    },
    goals::{availability::GoalMoment, goal::GoalClock},
    ids::{ContactId, GoalId, GroupId, MemberId, MessageId, OrganizationId, ThreadId},
    people::e164::E164,
    sending::message::{MessageKind, MessageState},
};

use crate::{Page, Pool, Result, Tx, db::error::read_word};

/// A thread.
#[derive(Debug, Clone)]
pub struct Thread {
    /// The thread.
    pub id: ThreadId,
    /// Its group.
    pub group_id: GroupId,
    /// Its contact.
    pub contact_id: ContactId,
    /// The contact's given name.
    pub first_name: String,
    /// The contact's family name.
    pub last_name: String,
    /// The goal that last texted here.
    pub goal_id: Option<GoalId>,
    /// Its holder.
    pub held_by: Option<MemberId>,
    /// Until when.
    pub held_until: Option<DateTime<Utc>>,
    /// Since when the contact waits for an answer.
    pub unread_since: Option<DateTime<Utc>>,
    /// The contact has opted out.
    pub opted_out: bool,
}

/// One text of a thread.
#[derive(Debug, Clone)]
pub struct ThreadMessage {
    /// The message.
    pub id: MessageId,
    /// Its kind; `Inbound` for the contact's.
    pub kind: MessageKind,
    /// Its state.
    pub state: MessageState,
    /// The text.
    pub body: String,
    /// The types of the pictures and the like that came with it.
    pub media: Vec<String>,
    /// The channel that it came by, where it is not plain texts.
    pub channel: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Makes sure of the threads of these contacts in a group. A contact keeps the number they were
/// first texted from (rule A3), as long as it is the organization's. A goal's text into a
/// conversation that somebody holds changes nothing there until the claim ends (rule W3).
pub async fn ensure(
    tx: &mut Tx,
    organization_id: OrganizationId,
    group_id: GroupId,
    sender: &E164,
    goal_id: Option<GoalId>,
    agent_id: Option<MemberId>,
    contacts: &[ContactId],
) -> Result<BTreeMap<ContactId, ThreadId>> {
    let contacts: Vec<_> = contacts.iter().map(|id| id.0).collect();
    let rows = sqlx::query_file!(
        "src/conversations/threads_ensure.sql",
        organization_id.0,
        group_id.0,
        sender.as_str(),
        goal_id.map(|id| id.0),
        agent_id.map(|id| id.0),
        &contacts,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (ContactId(row.contact_id), ThreadId(row.id))).collect())
}

/// The thread that a contact writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenTo {
    /// The thread.
    pub thread_id: ThreadId,
    /// The goal that it is about.
    pub goal_id: Option<GoalId>,
}

/// Returns the thread of a contact that writes to one of our numbers, made if there is none.
pub async fn written_to(
    tx: &mut Tx,
    organization_id: OrganizationId,
    group_id: GroupId,
    sender: &E164,
    agent_id: Option<MemberId>,
    contact_id: ContactId,
) -> Result<Option<WrittenTo>> {
    let rows = sqlx::query_file!(
        "src/conversations/threads_ensure.sql",
        organization_id.0,
        group_id.0,
        sender.as_str(),
        None::<uuid::Uuid>,
        agent_id.map(|id| id.0),
        &[contact_id.0][..],
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().next().map(|row| WrittenTo { thread_id: ThreadId(row.id), goal_id: row.goal_id.map(GoalId) }))
}

/// Claims threads with unread replies, oldest first, so that the agent holds up to `limit` of them,
/// and returns all that they hold (rule W3). Threads in hand end when they were to end. In a goal
/// with assigned agents only the contact's own agent gets theirs, and any agent those without one.
/// In a paused goal that has not closed none does (rule G5). `None` when the agent is not in the
/// group.
pub async fn claim_unread(
    tx: &mut Tx,
    group_id: GroupId,
    agent_id: MemberId,
    window_minutes: i32,
    limit: i64,
) -> Result<Option<Vec<ThreadId>>> {
    // Two claims of one agent do not pass the limit together.
    let member = sqlx::query!(
        "select from group_member where group_id = $1 and member_id = $2 for no key update",
        group_id.0,
        agent_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    if member.is_none() {
        return Ok(None);
    }
    // Suspending the agent waits for that lock too (rule A6).
    let texts = sqlx::query_scalar!(r#"select texts_in($1, $2) as "texts!""#, group_id.0, agent_id.0)
        .fetch_one(tx.conn())
        .await?;
    if !texts {
        return Ok(None);
    }
    let ids =
        sqlx::query_file_scalar!("src/conversations/threads_claim.sql", group_id.0, agent_id.0, window_minutes, limit)
            .fetch_all(tx.conn())
            .await?;
    Ok(Some(ids.into_iter().map(ThreadId).collect()))
}

/// How much of the contacts is told with their threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// All that the organization has.
    Organization,
    /// The knowledge of the thread's group (rule A5).
    Group,
}

/// Threads that a list has; each member narrows it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of this group.
    pub group_id: Option<GroupId>,
    /// With unread replies alone.
    pub unresponded: bool,
    /// This one alone.
    pub id: Option<ThreadId>,
}

/// Returns a thread of this organization.
pub async fn get(pool: &Pool, organization_id: OrganizationId, reader: Reader, id: ThreadId) -> Result<Option<Thread>> {
    let filter = Filter { id: Some(id), ..Filter::default() };
    Ok(page(pool, organization_id, reader, &filter, Page::first(1)).await?.pop())
}

/// Returns a page of an organization's threads, by age.
pub async fn page(
    pool: &Pool,
    organization_id: OrganizationId,
    reader: Reader,
    filter: &Filter,
    page: Page<ThreadId>,
) -> Result<Vec<Thread>> {
    let rows = sqlx::query!(
        r#"select t.*, c.opted_out_at is not null as "opted_out!",
                  case when p.partly then coalesce(m.knows ->> 'first_name', '') else c.first_name end as "first_name!",
                  case when p.partly then coalesce(m.knows ->> 'last_name', '') else c.last_name end as "last_name!"
           from thread t join contact c on c.id = t.contact_id
           left join membership m on m.group_id = t.group_id and m.contact_id = t.contact_id
           cross join lateral (select $7 and (m.contact_id is null or m.knows is not null) as partly) p
           where t.organization_id = $1 and ($2::uuid is null or t.group_id = $2) and ($3::uuid is null or t.id = $3)
             and (not $4 or t.unread_since is not null) and ($5::uuid is null or t.id > $5)
           order by t.id limit $6"#,
        organization_id.0,
        filter.group_id.map(|id| id.0),
        filter.id.map(|id| id.0),
        filter.unresponded,
        page.after.map(|id| id.0),
        page.limit,
        reader == Reader::Group,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Thread {
            id: ThreadId(row.id),
            group_id: GroupId(row.group_id),
            contact_id: ContactId(row.contact_id),
            first_name: row.first_name,
            last_name: row.last_name,
            goal_id: row.goal_id.map(GoalId),
            held_by: row.held_by.map(MemberId),
            held_until: row.held_until,
            unread_since: row.unread_since,
            opted_out: row.opted_out,
        })
        .collect())
}

/// Returns the last texts of a thread, oldest first.
pub async fn messages(pool: &Pool, id: ThreadId, limit: i64) -> Result<Vec<ThreadMessage>> {
    let rows = sqlx::query!(
        r#"select id as "id!", kind as "kind!", state as "state!", body as "body!", created_at as "created_at!", channel,
               array(select one.value ->> 'content_type' from jsonb_array_elements(last.media) one) as "media!"
           from (select * from message where thread_id = $1 order by id desc limit $2) last order by id"#,
        id.0,
        limit,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ThreadMessage {
                id: MessageId(row.id),
                kind: read_word("message", &row.kind)?,
                state: read_word("message", &row.state)?,
                body: row.body,
                media: row.media,
                channel: row.channel,
                created_at: row.created_at,
            })
        })
        .collect()
}

/// A thread locked for an answer.
#[derive(Debug, Clone)]
pub struct Locked {
    /// Its group.
    pub group_id: GroupId,
    /// Its contact.
    pub contact_id: ContactId,
    /// The goal that last texted here.
    pub goal_id: Option<GoalId>,
    /// The thread as it stands.
    pub thread: StandingThread,
    /// The instant of reading it, by the database's clock.
    pub now: DateTime<Utc>,
}

/// Locks a thread of this organization.
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, id: ThreadId) -> Result<Option<Locked>> {
    // Read by another statement, so that a claim which ended while this waited has ended.
    sqlx::query!("select from thread where id = $1 and organization_id = $2 for update", id.0, organization_id.0)
        .fetch_optional(tx.conn())
        .await?;
    let row = sqlx::query!(
        r#"select t.group_id, t.contact_id, t.goal_id, t.held_by, t.held_until, t.unread_since,
                  clock_timestamp() as "now!",
                  (c.opted_out_at is not null or c.redacted_at is not null) as "closed!",
                  g.launched_at as "launched_at?", g.paused_at as "paused_at?",
                  g.opens_at as "opens_at?", g.closes_at as "closes_at?"
           from thread t join contact c on c.id = t.contact_id left join goal g on g.id = t.goal_id
           where t.id = $1 and t.organization_id = $2"#,
        id.0,
        organization_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| {
        let clock = row.opens_at.zip(row.closes_at).map(|(opens_at, closes_at)| GoalClock {
            launched_at: row.launched_at,
            paused_at: row.paused_at,
            opens_at,
            closes_at,
        });
        let thread = StandingThread {
            claim: row.held_by.map(MemberId).zip(row.held_until).map(|(agent_id, until)| Claim { agent_id, until }),
            unread_since: row.unread_since,
            closed: row.closed,
            goal: clock.map(|clock| GoalMoment::at(&clock, None, row.now)),
        };
        Locked {
            group_id: GroupId(row.group_id),
            contact_id: ContactId(row.contact_id),
            goal_id: row.goal_id.map(GoalId),
            thread,
            now: row.now,
        }
    }))
}

/// An agent has answered: nothing is unread any more.
pub async fn answered(tx: &mut Tx, id: ThreadId, agent_id: MemberId) -> Result<()> {
    sqlx::query!(
        "update thread set unread_since = null, agent_id = $2, last_message_at = now() where id = $1",
        id.0,
        agent_id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives a conversation the agent's own number when the one that it was held from is not the
/// organization's any more.
pub async fn keep_number(tx: &mut Tx, id: ThreadId, sender: &E164) -> Result<()> {
    sqlx::query!(
        "update thread t set sender_e164 = $2
         where t.id = $1 and not exists (
             select from sender_number n where n.e164 = t.sender_e164 and n.organization_id = t.organization_id)",
        id.0,
        sender.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The contact has written: the thread is unread since they did, hidden when they have opted out
/// (rule I3), or stays as it is. A contact that a goal texted has replied.
pub async fn replied(tx: &mut Tx, id: ThreadId, shown: Shown, received_at: DateTime<Utc>) -> Result<()> {
    let hidden = shown == Shown::Hidden;
    sqlx::query!(
        "update thread set
             unread_since = case when $2 then null when $3 then least(unread_since, $4) else unread_since end,
             last_message_at = now()
         where id = $1",
        id.0,
        hidden,
        shown == Shown::Unread,
        received_at,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update target t set replied_at = coalesce(t.replied_at, clock_timestamp()),
             opted_out_at = case when $2 then coalesce(t.opted_out_at, clock_timestamp()) else t.opted_out_at end
         from thread th
         where th.id = $1 and t.goal_id = th.goal_id and t.contact_id = th.contact_id and was_messaged(t.initial_message_id)",
        id.0,
        hidden,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
