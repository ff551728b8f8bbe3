//! Rule W4: whoever is assigned to another agent and has not been texted yet moves between the agents' batches at once, also out of one in
//! hand.
//!
//! Whoever assigns takes locks in one order: goals, contacts, agents, memberships. The hand-over of messages takes them in the same order,
//! so that nobody waits in a circle.

use muster_domain::ids::GroupId;
use uuid::Uuid;

use crate::{Result, Tx};

/// Locks the launched goals of a group in which each agent texts their own contacts, in the order of their ids: none of them is cut into
/// batches meanwhile, and nothing of them is handed over.
pub(crate) async fn lock_goals(tx: &mut Tx, group_id: GroupId) -> Result<Vec<Uuid>> {
    let goals = sqlx::query_scalar!(
        "select id from goal
         where group_id = $1 and strategy = 'assigned' and launched_at is not null and closes_at > now()
         order by id for no key update",
        group_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(goals)
}

/// Moves contacts of a group, who are assigned as they should be by now, between the batches of goals that are locked. They join the last
/// batch of their agent that is not finished, or a released one of the agent's own; who has no agent is in no batch.
pub(crate) async fn move_between_batches(
    tx: &mut Tx,
    group_id: GroupId,
    goals: &[Uuid],
    contacts: &[Uuid],
) -> Result<()> {
    if goals.is_empty() || contacts.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "with wanted as (
             select distinct t.goal_id, m.assigned_agent_id as agent_id
             from target t
             join goal g on g.id = t.goal_id and g.partitioned_at is not null
             join membership m on m.group_id = $1 and m.contact_id = t.contact_id and m.assigned_agent_id is not null
             where t.goal_id = any($2) and t.contact_id = any($3) and t.initial_message_id is null and t.skipped_at is null
         ), lacking as (
             select w.goal_id, w.agent_id, row_number() over (partition by w.goal_id order by w.agent_id)::int as nth
             from wanted w
             where not exists (
                 select from batch b
                 where b.goal_id = w.goal_id and b.kind = 'initial' and b.assigned_agent_id = w.agent_id and b.state <> 'finished')
         )
         insert into batch (id, goal_id, kind, number, assigned_agent_id, state)
         select uuid_v7(), l.goal_id, 'initial',
                l.nth + (select coalesce(max(b.number), 0) from batch b where b.goal_id = l.goal_id and b.kind = 'initial'),
                l.agent_id, 'released'
         from lacking l",
        group_id.0,
        goals,
        contacts,
    )
    .execute(tx.conn())
    .await?;
    // Locked in the order of their positions, in which agents take them.
    sqlx::query!(
        "with waiting as (
             select t.goal_id, t.contact_id from target t
             join goal g on g.id = t.goal_id and g.partitioned_at is not null
             where t.goal_id = any($2) and t.contact_id = any($3) and t.initial_message_id is null and t.skipped_at is null
             order by t.goal_id, t.position for no key update of t
         )
         update target t
         set batch_id = (
             select b.id from batch b
             where b.goal_id = w.goal_id and b.kind = 'initial' and b.assigned_agent_id = m.assigned_agent_id and b.state <> 'finished'
             order by b.number desc limit 1)
         from waiting w join membership m on m.group_id = $1 and m.contact_id = w.contact_id
         where t.goal_id = w.goal_id and t.contact_id = w.contact_id",
        group_id.0,
        goals,
        contacts,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
