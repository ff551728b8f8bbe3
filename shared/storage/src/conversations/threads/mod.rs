//! Threads: the one conversation between a group and a contact (rules W2, W3 and I3).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use muster_domain::{
    conversations::{
        thread::{Claim, Thread as StandingThread},
        word::Shown,
    },
    goals::{availability::GoalMoment, goal::GoalClock},
    ids::{ContactId, GoalId, GroupId, MemberId, OrganizationId, ThreadId},
    people::e164::E164,
};

use crate::{Result, Tx};

mod hand_on;
mod list;

pub use hand_on::*;
pub use list::*;

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

/// A thread locked for a command.
#[derive(Debug, Clone)]
pub struct Locked {
    /// The thread.
    pub id: ThreadId,
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

/// Locks a thread of this organization. From the end of a claim on it has the goal and the agent of
/// a text that went out during the claim (rule W3).
pub async fn lock(tx: &mut Tx, organization_id: OrganizationId, id: ThreadId) -> Result<Option<Locked>> {
    // Read by another statement, so that a claim which ended while this waited has ended.
    sqlx::query!("select from thread where id = $1 and organization_id = $2 for update", id.0, organization_id.0)
        .fetch_optional(tx.conn())
        .await?;
    at_present(tx, organization_id, id).await
}

/// Returns a thread of this organization as [`lock`] does, without locking it.
pub async fn at_present(tx: &mut Tx, organization_id: OrganizationId, id: ThreadId) -> Result<Option<Locked>> {
    let row = sqlx::query!(
        r#"select t.group_id, t.contact_id, t.held_by, t.held_since, t.held_until, t.unread_since,
                  n.goal_id as "goal_id?", n.agent_id as "agent_id?", m.assigned_agent_id as "assigned_agent_id?",
                  n.now as "now!",
                  (c.opted_out_at is not null or c.redacted_at is not null) as "closed!",
                  g.launched_at as "launched_at?", g.paused_at as "paused_at?",
                  g.opens_at as "opens_at?", g.closes_at as "closes_at?"
           from thread t
           join contact c on c.id = t.contact_id
           cross join lateral (
               select clock.now,
                   case when t.held_until > clock.now then t.goal_id else coalesce(t.next_goal_id, t.goal_id) end as goal_id,
                   case when t.held_until > clock.now then t.agent_id else coalesce(t.next_agent_id, t.agent_id) end as agent_id
               from (select clock_timestamp() as now offset 0) clock offset 0
           ) n
           left join membership m on m.group_id = t.group_id and m.contact_id = t.contact_id
           left join goal g on g.id = n.goal_id
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
        let claim = row.held_by.zip(row.held_until).map(|(agent_id, until)| Claim {
            agent_id: MemberId(agent_id),
            since: row.held_since.unwrap_or(until),
            until,
        });
        let thread = StandingThread {
            claim: claim.filter(|claim| claim.until > row.now),
            assigned_to: row.assigned_agent_id.map(MemberId),
            texted_by: row.agent_id.map(MemberId),
            unread_since: row.unread_since,
            closed: row.closed,
            goal: clock.map(|clock| GoalMoment::at(&clock, None, row.now)),
        };
        Locked {
            id,
            group_id: GroupId(row.group_id),
            contact_id: ContactId(row.contact_id),
            goal_id: row.goal_id.map(GoalId),
            thread,
            now: row.now,
        }
    }))
}

/// Writes a locked thread as a command has left it. The goal and the agent that wait for the end of
/// the claim take over when it has ended, also early.
pub async fn keep(tx: &mut Tx, locked: &Locked, after: &StandingThread) -> Result<()> {
    let goes_on = locked.thread.claim.is_some() && after.claim.is_some();
    let texted = after.texted_by.filter(|agent| locked.thread.texted_by != Some(*agent));
    sqlx::query!(
        "update thread t set unread_since = $2, held_by = $3, held_since = $4, held_until = $5,
             agent_id = coalesce($6, case when $7 then t.agent_id else coalesce(t.next_agent_id, t.agent_id) end),
             goal_id = case when $7 then t.goal_id else coalesce(t.next_goal_id, t.goal_id) end,
             next_goal_id = case when $7 then t.next_goal_id end, next_agent_id = case when $7 then t.next_agent_id end
         where t.id = $1",
        locked.id.0,
        after.unread_since,
        after.claim.map(|claim| claim.agent_id.0),
        after.claim.map(|claim| claim.since),
        after.claim.map(|claim| claim.until),
        texted.map(|id| id.0),
        goes_on,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// An agent has texted: the thread is the latest by recency.
pub async fn texted(tx: &mut Tx, id: ThreadId) -> Result<()> {
    sqlx::query!("update thread set last_message_at = now(), recency = uuid_v7() where id = $1", id.0)
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

/// A contact's text in a thread.
#[derive(Debug, Clone, Copy)]
pub struct Reply {
    /// The thread.
    pub thread_id: ThreadId,
    /// The effect on the conversation.
    pub shown: Shown,
    /// When it was received.
    pub received_at: DateTime<Utc>,
}

/// Contacts have written, one text in each thread: a thread is unread since they did, hidden when
/// they have opted out (rule I3), or stays as it is. Contacts that a goal texted have replied.
pub async fn replied(tx: &mut Tx, replies: &[Reply]) -> Result<()> {
    let threads: Vec<_> = replies.iter().map(|reply| reply.thread_id.0).collect();
    let hidden: Vec<_> = replies.iter().map(|reply| reply.shown == Shown::Hidden).collect();
    sqlx::query!(
        "update thread t set
             unread_since = case when r.hidden then null when r.unread then least(t.unread_since, r.received_at)
                 else t.unread_since end,
             last_message_at = now(), recency = uuid_v7()
         from unnest($1::uuid[], $2::bool[], $3::bool[], $4::timestamptz[]) as r (id, hidden, unread, received_at)
         where t.id = r.id",
        &threads,
        &hidden,
        &replies.iter().map(|reply| reply.shown == Shown::Unread).collect::<Vec<_>>(),
        &replies.iter().map(|reply| reply.received_at).collect::<Vec<_>>(),
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update target t set replied_at = coalesce(t.replied_at, clock_timestamp()),
             opted_out_at = case when r.hidden then coalesce(t.opted_out_at, clock_timestamp()) else t.opted_out_at end
         from unnest($1::uuid[], $2::bool[]) as r (id, hidden)
         join thread th on th.id = r.id
         where t.goal_id = th.goal_id and t.contact_id = th.contact_id and was_messaged(t.initial_message_id)",
        &threads,
        &hidden,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
