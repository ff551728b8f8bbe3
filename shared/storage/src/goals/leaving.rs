//! Rule A6: an agent leaves a group, or is suspended, and all that they had in hand there is free
//! at once, in the same transaction.
//!
//! Locks are taken in the order of assignments (`reassign`), behind the member's own: goals, the
//! agent's row in the group, memberships, batches, targets, threads. A claim holds the agent's row
//! (`members::lock_texting`), a send its batch and an answer its thread, so that each of them is
//! over before this goes on, or finds that it came too late.

use muster_domain::{
    goals::batch::Holding,
    ids::{GoalId, GroupId, MemberId, OrganizationId},
};
use muster_jobs::{kinds::BatchPartition, names::NOTIFY_STOPS};

use crate::{
    Result, Tx,
    engine::enqueue::{Origin, enqueue},
    goals::{
        batches::{self, BatchRow, Lease},
        reassign,
    },
};

/// Frees all that an agent has in hand in a group: their contacts there are nobody's, the rest of
/// their batches returns to the goals as at a lease's end, their conversations can be claimed by
/// others. Goals' texts of theirs that the carrier does not have yet are cancelled (rules S9 and
/// W4), and a job gives the contacts of these back.
pub async fn let_go(
    tx: &mut Tx,
    organization_id: OrganizationId,
    group_id: GroupId,
    agent_id: MemberId,
    origin: &Origin,
) -> Result<()> {
    let goals = sqlx::query!(
        r#"select id, strategy = 'assigned' as "assigned!" from goal
           where group_id = $1 and organization_id = $2 and launched_at is not null and closes_at > now()
           order by id for no key update"#,
        group_id.0,
        organization_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query!("select from group_member where group_id = $1 and member_id = $2 for update", group_id.0, agent_id.0)
        .fetch_optional(tx.conn())
        .await?;
    let contacts = sqlx::query_scalar!(
        "with theirs as (
             select contact_id from membership where group_id = $1 and assigned_agent_id = $2 order by contact_id for update
         )
         update membership m set assigned_agent_id = null from theirs
         where m.group_id = $1 and m.contact_id = theirs.contact_id
         returning m.contact_id",
        group_id.0,
        agent_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let leases = leases(tx, group_id, agent_id).await?;
    let assigned: Vec<_> = goals.iter().filter(|goal| goal.assigned).map(|goal| goal.id).collect();
    reassign::move_contacts(tx, group_id, &assigned, &contacts).await?;
    for lease in &leases {
        batches::hand_back(tx, lease).await?;
    }
    cancel_waiting(tx, &goals.iter().map(|goal| goal.id).collect::<Vec<_>>(), agent_id, origin).await?;
    sqlx::query!(
        "with theirs as (
             select id from thread where group_id = $1 and held_by = $2 order by id for no key update
         )
         update thread t set held_by = null, held_until = null, goal_id = coalesce(t.next_goal_id, t.goal_id),
             agent_id = coalesce(t.next_agent_id, t.agent_id), next_goal_id = null, next_agent_id = null
         from theirs where t.id = theirs.id",
        group_id.0,
        agent_id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Locks the batches that an agent has in hand in a group.
async fn leases(tx: &mut Tx, group_id: GroupId, agent_id: MemberId) -> Result<Vec<Lease>> {
    let rows = sqlx::query_as!(
        BatchRow,
        "select b.id, b.goal_id, b.kind, b.number, b.assigned_agent_id, b.state, b.leased_to, b.lease_token, b.lease_expires_at
         from batch b
         where b.leased_to = $2 and b.state = 'leased'
           and exists (select from goal g where g.id = b.goal_id and g.group_id = $1)
         order by b.id for update",
        group_id.0,
        agent_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let mut held = Vec::with_capacity(rows.len());
    for row in rows {
        let batch = row.batch()?;
        if let Some(Holding { expires_at, .. }) = batch.phase.holding() {
            held.push(row.lease(batch, expires_at)?);
        }
    }
    Ok(held)
}

/// Has the agent's texts of these goals that wait be cancelled, by the hand-over that looks at them
/// first or by a job, which gives their contacts back.
async fn cancel_waiting(tx: &mut Tx, goals: &[uuid::Uuid], agent_id: MemberId, origin: &Origin) -> Result<()> {
    let waiting = sqlx::query_scalar!(
        r#"select distinct goal_id as "goal_id!" from message
           where goal_id = any($1) and agent_id = $2 and state in ('queued', 'held', 'sending') and kind in ('initial', 'reminder')
           order by 1"#,
        goals,
        agent_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    for goal_id in waiting {
        enqueue(tx, &BatchPartition { goal_id: GoalId(goal_id) }, origin).await?;
        // A worker that has one marked for the carrier decides about it again.
        sqlx::query!("select pg_notify($1, $2)", NOTIFY_STOPS, goal_id.to_string()).execute(tx.conn()).await?;
    }
    Ok(())
}
