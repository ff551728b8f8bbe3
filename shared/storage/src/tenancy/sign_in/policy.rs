//! An account's settings of sign-in.

use muster_domain::{ids::AccountId, tenancy::sign_in::session::SessionLimits};

use crate::{Db, Result, Tx};

/// The settings in force, with their version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInPolicy {
    /// How long sessions last.
    pub sessions: SessionLimits,
    /// Bumped by every change; 0 where nothing was ever set.
    pub version: i32,
}

/// Returns the settings of an account.
pub async fn get(db: impl Into<Db<'_>>, account_id: AccountId) -> Result<SignInPolicy> {
    let row = sqlx::query!(
        "select session_idle_minutes, session_lifetime_hours, version from sign_in_policy where account_id = $1",
        account_id.0,
    )
    .fetch_optional(&mut *db.into().connection().await?)
    .await?;
    let usual = SessionLimits::default();
    Ok(row.map_or(SignInPolicy { sessions: usual, version: 0 }, |row| SignInPolicy {
        sessions: SessionLimits {
            idle_minutes: row.session_idle_minutes.unwrap_or(usual.idle_minutes),
            lifetime_hours: row.session_lifetime_hours.unwrap_or(usual.lifetime_hours),
        },
        version: row.version,
    }))
}

/// Locks the settings of an account, so that they are edited one after the other.
pub async fn lock(tx: &mut Tx, account_id: AccountId) -> Result<SignInPolicy> {
    // So that there is a row to wait for; an edit that does not come takes it back.
    sqlx::query!(
        "insert into sign_in_policy (account_id, version) values ($1, 0) on conflict do nothing",
        account_id.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("select from sign_in_policy where account_id = $1 for update", account_id.0)
        .fetch_one(tx.conn())
        .await?;
    get(tx, account_id).await
}

/// Writes the settings of an account, which the caller has locked. Sessions that have begun follow
/// where they become narrower.
pub async fn set(tx: &mut Tx, account_id: AccountId, sessions: SessionLimits) -> Result<()> {
    sqlx::query!(
        "update sign_in_policy set session_idle_minutes = $2, session_lifetime_hours = $3, version = version + 1
         where account_id = $1",
        account_id.0,
        sessions.idle_minutes,
        sessions.lifetime_hours,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
