//! The freezing of a goal's targets (rules T3 and B1).

use muster_domain::goals::goal::AssignmentStrategy;

use crate::{Result, Tx, goals::Goal};

/// The work of [`partition`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partitioned {
    /// Contacts that are targeted.
    pub targets: u64,
    /// Batches that were made.
    pub batches: u64,
}

/// Freezes a launched goal's targets and cuts them into batches (rules T3 and B1), once; `None`
/// when it was done before. Assigned goals get batches of each agent's contacts, and unassigned
/// contacts are in none (rule W1).
pub async fn partition(tx: &mut Tx, goal: &Goal, batch_size: i32, segments_each: i64) -> Result<Option<Partitioned>> {
    let fresh =
        sqlx::query!("update goal set partitioned_at = now() where id = $1 and partitioned_at is null", goal.id.0)
            .execute(tx.conn())
            .await?;
    if fresh.rows_affected() == 0 {
        return Ok(None);
    }
    let assigned = goal.content.strategy == AssignmentStrategy::Assigned;
    let targets = sqlx::query!(
        "insert into target (goal_id, contact_id, position)
         select $1, contact_id, row_number() over (order by contact_id) from targeted_contacts($2, $3)",
        goal.id.0,
        goal.group_id.0,
        goal.content.targeting.as_filters()?,
    )
    .execute(tx.conn())
    .await?;
    let batches =
        sqlx::query_file!("src/goals/partition.sql", goal.id.0, assigned, i64::from(batch_size), segments_each)
            .execute(tx.conn())
            .await?;
    sqlx::query_file!("src/goals/fill_batches.sql", goal.id.0, assigned, i64::from(batch_size))
        .execute(tx.conn())
        .await?;
    Ok(Some(Partitioned { targets: targets.rows_affected(), batches: batches.rows_affected() }))
}
