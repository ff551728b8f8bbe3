//! Answers that agents record, and their effect on reminders (rules W5 and W6).

use muster_domain::{
    goals::{
        answer::Answer,
        reminder::{AnswerEffect, Reminder, ReminderProgress},
    },
    ids::{ContactId, GoalId},
    sending::{CancelReason, MessageReason},
};
use muster_jobs::names::NOTIFY_STOPS;
use uuid::Uuid;

use crate::{Result, Tx, db::error::read_word, goals::give_back};

/// Records yes, no or maybe (rule W5); false when the contact was not texted in this goal. Only a
/// contact with a yes is reminded (rule W6): with another answer they leave their reminder batch,
/// also one in hand, and a reminder that waits is cancelled; with a yes after that they may have
/// their one reminder again.
pub async fn record(tx: &mut Tx, goal_id: GoalId, contact_id: ContactId, answer: Answer) -> Result<bool> {
    let target = sqlx::query!(
        "select answer, reminder_batch_id, reminder_message_id, skipped_at from target
         where goal_id = $1 and contact_id = $2 and replied_at is not null for no key update",
        goal_id.0,
        contact_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(target) = target else { return Ok(false) };
    let progress = match target.reminder_message_id {
        Some(id) => text_progress(tx, id).await?,
        None if target.skipped_at.is_some() => ReminderProgress::Skipped,
        None if target.reminder_batch_id.is_some() => ReminderProgress::Placed,
        None => ReminderProgress::Unplaced,
    };
    let before = target.answer.as_deref().map(|word| read_word("target", word)).transpose()?;
    let effect = Reminder { answer: before, progress }.effect(answer);
    sqlx::query!(
        "update target set answer = $3, answered_at = clock_timestamp(),
             reminder_batch_id = case when $4 then null else reminder_batch_id end
         where goal_id = $1 and contact_id = $2",
        goal_id.0,
        contact_id.0,
        answer.as_str(),
        effect == AnswerEffect::LeavesBatch,
    )
    .execute(tx.conn())
    .await?;
    match effect {
        AnswerEffect::MayHaveAgain => give_back::reminder(tx, goal_id, contact_id).await?,
        AnswerEffect::CancelsText => cancel_reminder(tx, target.reminder_message_id).await?,
        AnswerEffect::Stays | AnswerEffect::LeavesBatch => {}
    }
    if answer != Answer::Yes && target.reminder_message_id.is_some() {
        // A worker that has it marked for the carrier keeps it back.
        sqlx::query!("select pg_notify($1, $2)", NOTIFY_STOPS, contact_id.to_string()).execute(tx.conn()).await?;
    }
    Ok(true)
}

/// Returns how far a reminder is by its text. A text with a row that is gone was handed over.
async fn text_progress(tx: &mut Tx, message_id: Uuid) -> Result<ReminderProgress> {
    let text =
        sqlx::query!("select state, reason from message where id = $1", message_id).fetch_optional(tx.conn()).await?;
    text.map_or(Ok(ReminderProgress::Gone), |text| {
        let reason = text.reason.as_deref().and_then(MessageReason::parse);
        Ok(ReminderProgress::of_text(read_word("message", &text.state)?, reason))
    })
}

/// Cancels a reminder that waits. A message that is locked is being handed over, by an answer that
/// was yes then, or is decided again by this one.
async fn cancel_reminder(tx: &mut Tx, message_id: Option<Uuid>) -> Result<()> {
    sqlx::query!(
        "with waits as (
             select id from message where id = $1 and state in ('queued', 'held') for update skip locked
         )
         update message m set state = 'cancelled', reason = $2, held_until = null from waits where m.id = waits.id",
        message_id,
        CancelReason::NoLongerYes.as_str(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
