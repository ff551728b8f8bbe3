//! Batches of reminders (rules W6 and B6).

use muster_domain::ids::GoalId;

use crate::{Result, Tx};

/// Puts all contacts with a yes and no reminder batch yet into released ones (rule W6): those that
/// have room, and new ones.
pub async fn open(tx: &mut Tx, goal_id: GoalId, batch_size: i32, segments_each: i64) -> Result<OpenedReminders> {
    // A batch that gains a contact is not claimed or finished meanwhile. A batch that is being
    // claimed is in hand by then.
    sqlx::query!(
        "select from batch where goal_id = $1 and kind = 'reminder' and state = 'released' order by id for no key update",
        goal_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    let made = sqlx::query_file!("src/goals/reminders.sql", goal_id.0, i64::from(batch_size), segments_each)
        .fetch_one(tx.conn())
        .await?;
    Ok(OpenedReminders { batches: made.batches.unsigned_abs(), topped_up: made.topped_up.unsigned_abs() })
}

/// The work of [`open`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenedReminders {
    /// Batches that were made.
    pub batches: u64,
    /// Contacts that were added to batches that had room.
    pub topped_up: u64,
}
