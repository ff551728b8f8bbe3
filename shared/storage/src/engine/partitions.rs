//! Partitions of the tables that grow with time.

use std::time::Duration;

use crate::{Result, Tx};

/// Makes the coming months' partitions of `job`, `message` and `message_event`, if they are not there yet.
pub async fn ensure(tx: &mut Tx) -> Result<()> {
    sqlx::query!(
        "select ensure_partitions('job', 2), ensure_partitions('message', 2), ensure_partitions('message_event', 2)"
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Drops partitions of jobs that ended longer ago than `kept` and hold nothing that is not over; answers their names.
pub async fn drop_job_history(tx: &mut Tx, kept: Duration) -> Result<Vec<String>> {
    let dropped = sqlx::query_scalar!(
        r#"select drop_job_partitions(clock_timestamp() - make_interval(secs => $1)) as "name!""#,
        kept.as_secs_f64()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(dropped)
}
