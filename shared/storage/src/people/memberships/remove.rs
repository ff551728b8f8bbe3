//! Contacts leave a group (rules C16, W4 and S9).
//!
//! Their work there ends with the same commit: they leave the batches in hand, their conversations
//! are in no agent's hands, and a text of theirs that waits is cancelled by the hand-over that
//! looks at it. History, counts and answers stay (rule A4). A contact that comes back is a target
//! of later goals only, because targets are frozen (rule T3).

use muster_domain::{
    ids::{ContactId, GroupId, OrganizationId},
    people::bulk::BulkOutcome,
    sending::CancelReason,
};
use uuid::Uuid;

use super::{Outcomes, ids, launched, not_in_group};
use crate::{Result, Tx};

/// Takes contacts out of a group.
pub async fn remove(
    tx: &mut Tx,
    organization_id: OrganizationId,
    group_id: GroupId,
    contacts: &[ContactId],
) -> Result<Outcomes> {
    let goals = launched(tx, group_id).await?;
    // Redacted contacts too.
    sqlx::query!(
        "select from contact where organization_id = $1 and id = any($2) order by id for no key update",
        organization_id.0,
        &ids(contacts),
    )
    .fetch_all(tx.conn())
    .await?;
    let members = sqlx::query_scalar!(
        "select contact_id from membership where group_id = $1 and contact_id = any($2) order by contact_id for update",
        group_id.0,
        &ids(contacts),
    )
    .fetch_all(tx.conn())
    .await?;
    let mut outcomes = not_in_group(contacts);
    if members.is_empty() {
        return Ok(outcomes);
    }
    leave_goals(tx, &goals, &members).await?;
    // Hidden from agents until the person writes to the group again, by which they join it (rule
    // I6).
    sqlx::query!(
        "with theirs as (
             select id from thread where group_id = $1 and contact_id = any($2) order by id for no key update
         )
         update thread t set unread_since = null, held_by = null, held_until = null,
             goal_id = coalesce(t.next_goal_id, t.goal_id), agent_id = null, next_goal_id = null, next_agent_id = null
         from theirs where t.id = theirs.id",
        group_id.0,
        &members,
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("delete from membership where group_id = $1 and contact_id = any($2)", group_id.0, &members)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "insert into contact_event (organization_id, contact_id, group_id, what)
         select $1, id, $2, 'removed_from_group' from unnest($3::uuid[]) as gone (id) order by id",
        organization_id.0,
        group_id.0,
        &members,
    )
    .execute(tx.conn())
    .await?;
    outcomes.extend(members.into_iter().map(|id| (ContactId(id), BulkOutcome::Changed)));
    Ok(outcomes)
}

/// Skips the contacts for good where they are still to be texted or reminded. A batch that all have
/// left is finished, unless an agent has it in hand: then it is with the next that they do with it,
/// or with the end of their lease.
async fn leave_goals(tx: &mut Tx, goals: &[Uuid], contacts: &[Uuid]) -> Result<()> {
    // An agent that sends holds their batch before its targets.
    let batches = sqlx::query_scalar!(
        "select id from batch where id in (
             select t.batch_id from target t
             where t.goal_id = any($1) and t.contact_id = any($2) and t.skipped_at is null and t.initial_message_id is null
             union
             select t.reminder_batch_id from target t
             where t.goal_id = any($1) and t.contact_id = any($2) and t.skipped_at is null and t.reminder_message_id is null)
         order by id for no key update",
        goals,
        contacts,
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query!(
        "with leaving as (
             select t.goal_id, t.contact_id from target t
             where t.goal_id = any($1) and t.contact_id = any($2) and t.skipped_at is null
               and (t.initial_message_id is null or (t.reminder_batch_id is not null and t.reminder_message_id is null))
             order by t.goal_id, t.position for no key update
         )
         update target t set skipped_at = clock_timestamp(), skip_reason = $3
         from leaving l where t.goal_id = l.goal_id and t.contact_id = l.contact_id",
        goals,
        contacts,
        CancelReason::NotInGroup.as_str(),
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update batch b set state = 'finished'
         where b.id = any($1) and b.state in ('held', 'released')
           and not exists (select from target t where t.batch_id = b.id and t.initial_message_id is null and t.skipped_at is null)
           and not exists (
               select from target t where t.reminder_batch_id = b.id and t.reminder_message_id is null and t.skipped_at is null)",
        &batches,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
