//! Contacts of a group are assigned to an agent, or to none (rules A2 and W4).

use muster_domain::{
    ids::{ContactId, GroupId, MemberId},
    people::bulk::BulkOutcome,
};

use super::{Outcomes, ids, not_in_group};
use crate::{Result, Tx, goals::reassign};

/// Outcome of an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assigned {
    /// It holds for those contacts for which it could be made.
    Done(Outcomes),
    /// The agent texts in the group no more, or is suspended (rule A6).
    NoAgent,
}

/// Assigns contacts of a group to an agent, or to nobody (rule W4: at once, also for a batch in
/// hand, because claims, sends and hand-overs look here). As many as the agent may have are
/// assigned, in the order of their ids (rule A2).
pub async fn assign(
    tx: &mut Tx,
    group_id: GroupId,
    contacts: &[ContactId],
    agent: Option<MemberId>,
    limit: i32,
) -> Result<Assigned> {
    let goals = reassign::lock_goals(tx, group_id).await?;
    let mut room = usize::MAX;
    if let Some(agent) = agent {
        // Locking the agent's row in the group keeps two assignments from passing the limit
        // together. Their contacts are counted by another statement, because only one that begins
        // after the wait sees the rows that it waited for.
        sqlx::query!("select from group_member where group_id = $1 and member_id = $2 for update", group_id.0, agent.0)
            .execute(tx.conn())
            .await?;
        let row = sqlx::query!(
            r#"select count(*) as "held!", texts_in($1, $2) as "texts!" from membership
               where group_id = $1 and assigned_agent_id = $2 and contact_id <> all($3)"#,
            group_id.0,
            agent.0,
            &ids(contacts),
        )
        .fetch_one(tx.conn())
        .await?;
        if !row.texts {
            return Ok(Assigned::NoAgent);
        }
        room = usize::try_from(i64::from(limit) - row.held).unwrap_or_default();
    }
    let rows = sqlx::query!(
        "select contact_id, assigned_agent_id from membership where group_id = $1 and contact_id = any($2)
         order by contact_id for update",
        group_id.0,
        &ids(contacts),
    )
    .fetch_all(tx.conn())
    .await?;
    let wanted = agent.map(|id| id.0);
    let mut outcomes = not_in_group(contacts);
    let (theirs, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.assigned_agent_id == wanted);
    outcomes.extend(theirs.iter().map(|row| (ContactId(row.contact_id), BulkOutcome::Unchanged)));
    room = room.saturating_sub(theirs.len());
    let mut moved = Vec::new();
    for row in others {
        let outcome = if moved.len() < room {
            moved.push(row.contact_id);
            BulkOutcome::Changed
        } else {
            BulkOutcome::AgentFull
        };
        outcomes.insert(ContactId(row.contact_id), outcome);
    }
    if !moved.is_empty() {
        sqlx::query!(
            "update membership set assigned_agent_id = $3 where group_id = $1 and contact_id = any($2)",
            group_id.0,
            &moved,
            wanted,
        )
        .execute(tx.conn())
        .await?;
        reassign::move_contacts(tx, group_id, &goals, &moved).await?;
        reassign::move_threads(tx, group_id, &moved).await?;
    }
    Ok(Assigned::Done(outcomes))
}
