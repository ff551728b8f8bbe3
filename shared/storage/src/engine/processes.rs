//! Which daemons are alive, as they say themselves.

use crate::{Pool, Result};

/// Says that a process is alive.
pub async fn seen(pool: &Pool, name: &str, role: &str) -> Result<()> {
    sqlx::query!(
        "insert into process (name, role) values ($1, $2)
         on conflict (name) do update set role = excluded.role, seen_at = clock_timestamp()",
        name,
        role,
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(())
}
