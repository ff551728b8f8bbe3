//! Rule G9a: a contact with a text that was cancelled before the carrier had it can be texted after
//! all, when the reason of the cancellation is gone.
//!
//! No contact gets two initials by this (rule B7): a text with an outcome that was ever unknown is
//! not given back, also if the carrier denied it later.

use muster_domain::{
    goals::goal::AssignmentStrategy,
    ids::{ContactId, GoalId},
    sending::CancelReason,
};
use uuid::Uuid;

use crate::{Result, Tx, goals::Goal};

/// Contacts that [`closed`] has given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenBack {
    /// Contacts that can get their initial.
    pub initials: usize,
    /// Contacts that can get their reminder: reminder batches are to be made for them.
    pub reminders: usize,
}

/// Gives back contacts that the end of a goal or of its reminder window cancelled. Contacts without
/// an initial go into new batches, which the release plan releases; in a goal with assigned agents
/// into their agent's. The goal is locked, and is open again.
pub async fn closed(tx: &mut Tx, goal: &Goal, batch_size: i32, segments_each: i64) -> Result<GivenBack> {
    let initials = sqlx::query_scalar!(
        "with free as (
             select t.contact_id from target t join message m on m.id = t.initial_message_id
             where t.goal_id = $1 and m.goal_id = $1 and m.state = 'cancelled' and m.reason = $2 and t.skipped_at is null
               and not was_unknown(m.contact_id, m.id)
             order by t.position for no key update of t
         )
         update target t set initial_message_id = null, batch_id = null from free
         where t.goal_id = $1 and t.contact_id = free.contact_id
         returning t.contact_id",
        goal.id.0,
        CancelReason::WindowClosed.as_str(),
    )
    .fetch_all(tx.conn())
    .await?;
    if !initials.is_empty() {
        make_batches(tx, goal, &initials, batch_size, segments_each).await?;
    }
    let reminders = free_reminders(tx, goal.id, None).await?;
    Ok(GivenBack { initials: initials.len(), reminders: usize::try_from(reminders).unwrap_or(usize::MAX) })
}

/// Gives back one contact with a cancelled reminder and a new yes.
pub(crate) async fn reminder(tx: &mut Tx, goal_id: GoalId, contact_id: ContactId) -> Result<()> {
    free_reminders(tx, goal_id, Some(contact_id)).await?;
    Ok(())
}

/// Contacts with a yes and a reminder that was cancelled, because the window ended or they were not
/// yes any more, may have it again.
async fn free_reminders(tx: &mut Tx, goal_id: GoalId, only: Option<ContactId>) -> Result<u64> {
    let done = sqlx::query!(
        "with free as (
             select t.contact_id from target t join message m on m.id = t.reminder_message_id
             where t.goal_id = $1 and ($2::uuid is null or t.contact_id = $2) and t.answer = 'yes'
               and m.goal_id = $1 and m.state = 'cancelled' and m.reason = any($3) and not was_unknown(m.contact_id, m.id)
             order by t.position for no key update of t
         )
         update target t set reminder_message_id = null, reminder_batch_id = null from free
         where t.goal_id = $1 and t.contact_id = free.contact_id",
        goal_id.0,
        only.map(|id| id.0),
        &[CancelReason::WindowClosed, CancelReason::NoLongerYes].map(|reason| reason.as_str().to_owned()),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Cuts contacts without a batch into new ones, all held.
async fn make_batches(tx: &mut Tx, goal: &Goal, contacts: &[Uuid], batch_size: i32, segments_each: i64) -> Result<()> {
    sqlx::query_file!(
        "src/goals/give_back_batches.sql",
        goal.id.0,
        contacts,
        goal.content.strategy == AssignmentStrategy::Assigned,
        i64::from(batch_size),
        segments_each,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(())
}
