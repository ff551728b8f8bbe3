//! Partitions of the tables that grow with time.
//!
//! Making or dropping one needs its table for itself for a moment, and later statements wait as
//! well: behind a transaction that is open for long (a backup), the whole engine would. So the wait
//! is short, each table has a transaction of its own, and a step that could not be done is done
//! later.

use std::time::Duration;

use crate::{Pool, Result, Tx};

/// The tables, by month of their ids.
const PARTITIONED_TABLES: [&str; 3] = ["job", "message", "message_event"];
/// Months that are ready before they come.
const MONTHS_AHEAD: i32 = 2;

/// Makes the coming months' partitions, if they are not there yet; false if a table was in use, so
/// that it is to be tried again.
pub async fn ensure(pool: &Pool) -> Result<bool> {
    let mut all = true;
    for table in PARTITIONED_TABLES {
        let mut tx = begin(pool).await?;
        let made =
            sqlx::query!("select ensure_partitions($1, $2)", table, MONTHS_AHEAD).execute(tx.conn()).await.map(drop);
        all &= unless_in_use(made.map_err(Into::into))?.is_some();
        tx.commit().await?;
    }
    Ok(all)
}

/// Drops the oldest partition of jobs that ended longer ago than `kept` and hold nothing that is
/// not over; returns its name.
pub async fn drop_job_history(pool: &Pool, kept: Duration) -> Result<Dropped> {
    let mut tx = begin(pool).await?;
    let dropped = sqlx::query_scalar!(
        r#"select drop_job_partitions(clock_timestamp() - make_interval(secs => $1)) as "name!""#,
        kept.as_secs_f64()
    )
    .fetch_optional(tx.conn())
    .await;
    let dropped = unless_in_use(dropped.map_err(Into::into))?;
    tx.commit().await?;
    Ok(match dropped {
        Some(Some(name)) => Dropped::Partition(name),
        Some(None) => Dropped::Nothing,
        None => Dropped::InUse,
    })
}

/// Outcome for the oldest partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// It is gone.
    Partition(String),
    /// None is old enough, or it holds something that is not over.
    Nothing,
    /// The table was in use: to be tried again.
    InUse,
}

async fn begin(pool: &Pool) -> Result<Tx> {
    let mut tx = pool.begin().await?;
    sqlx::query!("set local lock_timeout = '2s'").execute(tx.conn()).await?;
    Ok(tx)
}

fn unless_in_use<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(error) if error.is_lock_timeout() => Ok(None),
        answer => answer.map(Some),
    }
}
