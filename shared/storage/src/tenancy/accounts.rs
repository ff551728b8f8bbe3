//! Accounts and their settings (rule I3).

use chrono::{DateTime, Utc};
use muster_domain::{ids::AccountId, tenancy::settings::AccountSettings};
use sqlx::types::Json;

use crate::{Db, Result, Tx};

/// An account and its settings.
#[derive(Debug, Clone)]
pub struct Account {
    /// The customer.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// Its version, which edits name.
    pub version: i32,
    /// Its settings.
    pub settings: AccountSettings,
    /// Opt-outs from before are still being written to its other organizations.
    pub catching_up: bool,
}

/// Returns an account.
pub async fn get(db: impl Into<Db<'_>>, id: AccountId) -> Result<Option<Account>> {
    let row = sqlx::query!(
        r#"select name, version, settings as "settings: Json<AccountSettings>", opt_outs_catching_up from account where id = $1"#,
        id.0
    )
    .fetch_optional(&mut *db.into().connection().await?)
    .await?;
    Ok(row.map(|row| Account {
        id,
        name: row.name,
        version: row.version,
        settings: row.settings.0,
        catching_up: row.opt_outs_catching_up,
    }))
}

/// Locks an account for an edit of its settings: waits for all that says or hears a word by them,
/// and keeps others from it until this transaction ends.
pub async fn lock(tx: &mut Tx, id: AccountId) -> Result<Option<Account>> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('opt-outs:' || $1::text, 0))", id.0.to_string())
        .execute(tx.conn())
        .await?;
    sqlx::query!("select from account where id = $1 for no key update", id.0).execute(tx.conn()).await?;
    get(tx, id).await
}

/// Replaces the settings of a locked account. Returns the instant since which its organizations
/// hear each other's opt-outs, if that begins now: opt-outs from before are then to be caught up
/// with.
pub async fn update(tx: &mut Tx, before: &Account, settings: &AccountSettings) -> Result<Option<DateTime<Utc>>> {
    let begins = settings.opt_outs_account_wide && !before.settings.opt_outs_account_wide;
    let since = sqlx::query_scalar!(
        "update account set settings = settings || $2, version = version + 1,
             opt_outs_shared_since = case when $3 then coalesce(opt_outs_shared_since, clock_timestamp()) end,
             opt_outs_catching_up = $3 and (opt_outs_catching_up or ($4 and exists (select from organization where account_id = $1)))
         where id = $1 returning opt_outs_shared_since",
        before.id.0,
        Json(settings) as _,
        settings.opt_outs_account_wide,
        begins,
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(since.filter(|_| begins))
}
