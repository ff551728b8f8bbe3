//! Heartbeats of daemons.

use muster_domain::engine::process::ProcessRole;

use crate::{Pool, Result};

/// Says that a process is alive.
pub async fn heartbeat(pool: &Pool, name: &str, role: ProcessRole) -> Result<()> {
    sqlx::query!(
        "insert into process (name, role) values ($1, $2)
         on conflict (name) do update set role = excluded.role, seen_at = clock_timestamp()",
        name,
        role.as_str(),
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(())
}
