//! Partitions of the tables that grow with time.

use crate::{Pool, Result};

/// Makes the coming months' partitions of `job` and `message`, if they are not there yet.
pub async fn ensure(pool: &Pool) -> Result<()> {
    sqlx::query!("select ensure_partitions('job', 2), ensure_partitions('message', 2)").execute(&pool.0).await?;
    Ok(())
}
