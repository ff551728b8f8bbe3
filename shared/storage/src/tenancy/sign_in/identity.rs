//! Identity providers of accounts, and sign-ins that are under way there.

use std::time::Duration;

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{AccountId, MemberId, SignInId},
    tenancy::sign_in::code::CODE_MINUTES,
};

use crate::{Db, Result, Tx};

/// An account's identity provider.
#[derive(Debug, Clone)]
pub struct IdentityProvider {
    /// Its issuer.
    pub issuer: String,
    /// The name of this installation there.
    pub client_id: String,
    /// The secret of this installation there, sealed.
    pub sealed_secret: Vec<u8>,
    /// Domains of addresses that it may speak for.
    pub email_domains: Vec<String>,
    /// Admins sign in by it alone.
    pub required: bool,
    /// Bumped by every change.
    pub version: i32,
}

/// Returns the identity provider of an account.
pub async fn get(db: impl Into<Db<'_>>, account_id: AccountId) -> Result<Option<IdentityProvider>> {
    Ok(sqlx::query_as!(
        IdentityProvider,
        "select issuer, client_id, sealed_secret, email_domains, required, version from identity_provider
         where account_id = $1",
        account_id.0,
    )
    .fetch_optional(&mut *db.into().connection().await?)
    .await?)
}

/// Sets the identity provider of an account; its version is ignored.
pub async fn set(tx: &mut Tx, account_id: AccountId, new: &IdentityProvider) -> Result<()> {
    sqlx::query!(
        "insert into identity_provider as p (account_id, issuer, client_id, sealed_secret, email_domains, required)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (account_id) do update set issuer = excluded.issuer, client_id = excluded.client_id,
             sealed_secret = excluded.sealed_secret, email_domains = excluded.email_domains,
             required = excluded.required, version = p.version + 1",
        account_id.0,
        new.issuer,
        new.client_id,
        new.sealed_secret,
        &new.email_domains,
        new.required,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes the identity provider of an account away; false when it has none.
pub async fn remove(tx: &mut Tx, account_id: AccountId) -> Result<bool> {
    let done =
        sqlx::query!("delete from identity_provider where account_id = $1", account_id.0).execute(tx.conn()).await?;
    Ok(done.rows_affected() == 1)
}

/// Lets the admins of an account sign in by mail again; false when nothing kept them from it.
pub async fn do_not_require(tx: &mut Tx, account_id: AccountId) -> Result<bool> {
    let done = sqlx::query!(
        "update identity_provider set required = false, version = version + 1 where account_id = $1 and required",
        account_id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Begins a sign-in at an account's identity provider; returns the end of its time.
pub async fn begin(tx: &mut Tx, id: SignInId, account_id: AccountId, client_hash: &[u8]) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar!(
        "insert into oidc_sign_in (id, account_id, client_hash, expires_at)
         values ($1, $2, $3, clock_timestamp() + make_interval(mins => $4)) returning expires_at",
        id.0,
        account_id.0,
        client_hash,
        CODE_MINUTES,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Uses a sign-in up that its client has come back with in time; returns its account. None where it
/// was used, is too old, or is another client's.
pub async fn use_up(tx: &mut Tx, id: SignInId, client_hash: &[u8]) -> Result<Option<AccountId>> {
    let account = sqlx::query_scalar!(
        "update oidc_sign_in set used_at = clock_timestamp()
         where id = $1 and client_hash = $2 and used_at is null and expires_at > clock_timestamp()
         returning account_id",
        id.0,
        client_hash,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(account.map(AccountId))
}

/// Returns the admin of an account with an address that is neither suspended nor removed: of
/// several the one of the greatest role.
pub async fn admin(tx: &mut Tx, account_id: AccountId, email: &str) -> Result<Option<MemberId>> {
    let id = sqlx::query_scalar!(
        "select id from member
         where account_id = $1 and email = lower($2) and role <> 'agent' and suspended_at is null and removed_at is null
         order by array_position('{account_admin,organization_admin,group_admin}'::text[], role), id limit 1",
        account_id.0,
        email,
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(MemberId))
}

/// Forgets sign-ins older than `age`.
pub async fn forget(tx: &mut Tx, age: Duration) -> Result<()> {
    sqlx::query!(
        "delete from oidc_sign_in where created_at < clock_timestamp() - make_interval(secs => $1)",
        age.as_secs_f64(),
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
