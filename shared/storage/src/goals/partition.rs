//! The freezing of a goal's targets (rules T3 and B1).

use muster_domain::goals::goal::AssignmentStrategy;
use sqlx::Row as _;

use crate::{
    Result, Tx,
    goals::{Goal, selection::Statement},
};

/// The work of [`partition`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partitioned {
    /// Contacts that are targeted.
    pub targets: i64,
    /// Batches that were made.
    pub batches: i64,
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
    // By their ids: beside many contacts of others the planner would rather read all of them for
    // each goal.
    sqlx::query!("set local enable_seqscan = off").execute(tx.conn()).await?;
    let mut statement = Statement::of(tx, goal.group_id, &goal.content.targeting).await?;
    let text = include_str!("partition.sql")
        .replace("{targeted}", &statement.targeted())
        .replace("{goal}", &statement.bind(goal.id.0)?)
        .replace("{is_assigned}", &statement.bind(goal.content.strategy == AssignmentStrategy::Assigned)?)
        .replace("{batch_size}", &statement.bind(i64::from(batch_size))?)
        .replace("{segments_each}", &statement.bind(segments_each)?);
    let made = statement.reading(text).fetch_one(tx.conn()).await?;
    Ok(Some(Partitioned { targets: made.try_get("targets")?, batches: made.try_get("batches")? }))
}
