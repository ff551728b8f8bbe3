//! Contacts of many conversations that an admin gives to one agent (rules W4 and W7).

use muster_domain::ids::{ContactId, GroupId, MemberId, OrganizationId, ThreadId};

use crate::{Result, Tx, goals::reassign};

/// A conversation's group and contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Of {
    /// The thread.
    pub id: ThreadId,
    /// Its group.
    pub group_id: GroupId,
    /// Its contact.
    pub contact_id: ContactId,
}

/// Returns those of these threads that are this organization's, by group.
pub async fn find(tx: &mut Tx, organization_id: OrganizationId, ids: &[ThreadId]) -> Result<Vec<Of>> {
    let rows = sqlx::query!(
        "select id, group_id, contact_id from thread where id = any($1) and organization_id = $2 order by group_id, contact_id",
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
        organization_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let of = |id, group, contact| Of { id: ThreadId(id), group_id: GroupId(group), contact_id: ContactId(contact) };
    Ok(rows.into_iter().map(|row| of(row.id, row.group_id, row.contact_id)).collect())
}

/// Outcome of an assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignedAll {
    /// It holds, for so many contacts that had another agent before or none.
    Done {
        /// How many.
        moved: usize,
    },
    /// A contact is not in the group any more.
    NotInGroup,
    /// The agent texts in the group no more, or is suspended (rule A6).
    NoAgent,
    /// The agent would have more contacts there than rule A2 allows.
    AgentFull,
}

/// Assigns contacts of a group to an agent, or to nobody, as `contacts::assign` does one: at once,
/// also for batches and conversations in hand. Unless it is done, nothing of this transaction may
/// be kept.
pub async fn assign_all(
    tx: &mut Tx,
    group_id: GroupId,
    contacts: &[ContactId],
    agent: Option<MemberId>,
    limit: i32,
) -> Result<AssignedAll> {
    let ids: Vec<_> = contacts.iter().map(|id| id.0).collect();
    let goals = reassign::lock_goals(tx, group_id).await?;
    if let Some(agent) = agent {
        sqlx::query!("select from group_member where group_id = $1 and member_id = $2 for update", group_id.0, agent.0)
            .execute(tx.conn())
            .await?;
        // By another statement, which begins after the wait.
        let row = sqlx::query!(
            r#"select count(*) as "held!", texts_in($1, $2) as "texts!" from membership
               where group_id = $1 and assigned_agent_id = $2 and contact_id <> all($3)"#,
            group_id.0,
            agent.0,
            &ids,
        )
        .fetch_one(tx.conn())
        .await?;
        if !row.texts {
            return Ok(AssignedAll::NoAgent);
        }
        if row.held + i64::try_from(ids.len()).unwrap_or(i64::MAX) > i64::from(limit) {
            return Ok(AssignedAll::AgentFull);
        }
    }
    let before = sqlx::query!(
        "with before as (
             select contact_id, assigned_agent_id from membership
             where group_id = $1 and contact_id = any($2) order by contact_id for update
         )
         update membership m set assigned_agent_id = $3 from before b
         where m.group_id = $1 and m.contact_id = b.contact_id
         returning m.contact_id, b.assigned_agent_id",
        group_id.0,
        &ids,
        agent.map(|id| id.0),
    )
    .fetch_all(tx.conn())
    .await?;
    if before.len() != ids.len() {
        return Ok(AssignedAll::NotInGroup);
    }
    let moved: Vec<_> =
        before.iter().filter(|row| row.assigned_agent_id != agent.map(|id| id.0)).map(|row| row.contact_id).collect();
    reassign::move_contacts(tx, group_id, &goals, &moved).await?;
    reassign::move_threads(tx, group_id, &moved).await?;
    Ok(AssignedAll::Done { moved: moved.len() })
}
