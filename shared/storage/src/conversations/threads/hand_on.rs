//! Agents of a group that a conversation is handed to (rule W9).

use muster_domain::ids::{GroupId, MemberId, OrganizationId, ThreadId};

use crate::{Pool, Result, Tx};

/// Returns the group of a thread of this organization, which never changes.
pub async fn group_of(tx: &mut Tx, organization_id: OrganizationId, id: ThreadId) -> Result<Option<GroupId>> {
    let group = sqlx::query_scalar!(
        "select group_id from thread where id = $1 and organization_id = $2",
        id.0,
        organization_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(group.map(GroupId))
}

/// An agent that may get a conversation, locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    /// They text in the group, and have so many conversations there in hand that wait for an
    /// answer.
    Texts {
        /// How many.
        in_hand: i64,
    },
    /// They do not text in the group, or are suspended.
    TextsNot,
}

/// Locks an agent that gets a conversation, as their own claims do, so that two hand-overs and a
/// claim do not pass its limit together. Comes before threads.
pub async fn lock_recipient(tx: &mut Tx, group_id: GroupId, agent_id: MemberId) -> Result<Recipient> {
    sqlx::query!(
        "select from group_member where group_id = $1 and member_id = $2 for no key update",
        group_id.0,
        agent_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    // By another statement, which begins after the wait.
    let row = sqlx::query!(
        r#"select texts_in($1, $2) and m.role = 'agent' as "texts!",
               (select count(*) from thread t
                where t.held_by = $2 and t.group_id = $1 and t.unread_since is not null
                  and t.held_until > statement_timestamp()) as "in_hand!"
           from member m where m.id = $2"#,
        group_id.0,
        agent_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(match row {
        Some(row) if row.texts => Recipient::Texts { in_hand: row.in_hand },
        Some(_) | None => Recipient::TextsNot,
    })
}

/// An agent as their colleagues see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    /// The agent.
    pub id: MemberId,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
}

/// Returns the agents that text in a group of this organization, by name.
pub async fn texting(pool: &Pool, organization_id: OrganizationId, group_id: GroupId) -> Result<Vec<Colleague>> {
    let rows = sqlx::query!(
        "select m.id, m.first_name, m.last_name
         from group_member g join member m on m.id = g.member_id
         where g.group_id = $1 and m.organization_id = $2 and m.role = 'agent' and m.suspended_at is null and m.removed_at is null
         order by m.last_name, m.first_name, m.id",
        group_id.0,
        organization_id.0,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    let colleague = |(id, first_name, last_name)| Colleague { id: MemberId(id), first_name, last_name };
    Ok(rows.into_iter().map(|row| colleague((row.id, row.first_name, row.last_name))).collect())
}
