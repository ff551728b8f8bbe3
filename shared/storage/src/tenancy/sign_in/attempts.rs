//! Sign-ins by a code that is sent to an address (rule A6).

use std::time::Duration;

use chrono::{DateTime, Utc};
use muster_domain::{
    ids::{AccountId, MemberId, OrganizationId, SignInId},
    tenancy::{
        role::Role,
        sign_in::code::{CODE_MINUTES, MailLanguage, TRIES},
    },
};

use crate::{Result, Tx, db::error::read_word};

/// A sign-in to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewSignIn<'a> {
    /// The sign-in.
    pub id: SignInId,
    /// The address that the code goes to, if somebody has it.
    pub email: &'a str,
    /// The mail's language.
    pub language: MailLanguage,
    /// The hash of the secret that the asking client gets.
    pub client_hash: &'a [u8],
    /// The client's own words on itself.
    pub client: &'a str,
    /// The client's address.
    pub address: &'a str,
}

/// Begins a sign-in, whether anybody has the address or not; returns the end of its time.
pub async fn begin(tx: &mut Tx, new: &NewSignIn<'_>) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar!(
        "insert into sign_in (id, email, language, client_hash, client, address, expires_at)
         values ($1, lower($2), $3, $4, $5, $6, clock_timestamp() + make_interval(mins => $7)) returning expires_at",
        new.id.0,
        new.email,
        new.language.as_str(),
        new.client_hash,
        new.client,
        new.address,
        CODE_MINUTES,
    )
    .fetch_one(tx.conn())
    .await?)
}

/// A sign-in that a code can be tried on.
#[derive(Debug, Clone)]
pub struct OpenSignIn {
    /// The address.
    pub email: String,
    /// The mail's language.
    pub language: MailLanguage,
    /// The end of its time.
    pub expires_at: DateTime<Utc>,
}

/// Locks a sign-in with a secret of this hash that is neither used, nor too old, nor tried too
/// often: codes are tried on it one after the other.
pub async fn lock(tx: &mut Tx, id: SignInId, client_hash: &[u8]) -> Result<Option<OpenSignIn>> {
    open(tx, id, Some(client_hash)).await
}

/// Locks a sign-in with a mail to be sent.
pub async fn lock_to_mail(tx: &mut Tx, id: SignInId) -> Result<Option<OpenSignIn>> {
    open(tx, id, None).await
}

async fn open(tx: &mut Tx, id: SignInId, client_hash: Option<&[u8]>) -> Result<Option<OpenSignIn>> {
    let row = sqlx::query!(
        "select email, language, expires_at from sign_in
         where id = $1 and ($2::bytea is null or client_hash = $2) and used_at is null and expires_at > clock_timestamp()
           and tries < $3
         for update",
        id.0,
        client_hash,
        TRIES,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(OpenSignIn { email: row.email, language: read_word("sign_in", &row.language)?, expires_at: row.expires_at })
    })
    .transpose()
}

/// Counts a wrong code.
pub async fn count_try(tx: &mut Tx, id: SignInId) -> Result<()> {
    sqlx::query!("update sign_in set tries = tries + 1 where id = $1", id.0).execute(tx.conn()).await?;
    Ok(())
}

/// Uses a sign-in up: its code is of no more use.
pub async fn use_up(tx: &mut Tx, id: SignInId) -> Result<()> {
    sqlx::query!("update sign_in set used_at = clock_timestamp() where id = $1", id.0).execute(tx.conn()).await?;
    Ok(())
}

/// Keeps that a sign-in's mail was handed over.
pub async fn mailed(tx: &mut Tx, id: SignInId) -> Result<()> {
    sqlx::query!("update sign_in set mailed_at = clock_timestamp() where id = $1", id.0).execute(tx.conn()).await?;
    Ok(())
}

/// A member with an address: a person may be several.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The member.
    pub member_id: MemberId,
    /// The customer.
    pub account_id: AccountId,
    /// The customer's name.
    pub account: String,
    /// The tenant; none for account admins.
    pub organization_id: Option<OrganizationId>,
    /// The tenant's name.
    pub organization: Option<String>,
    /// The role.
    pub role: Role,
    /// Given name.
    pub first_name: String,
}

/// The most memberships that a person chooses from.
const MEMBERSHIPS: i64 = 100;

/// Members with an address that are neither suspended nor removed, by age. An admin whose account
/// requires its identity provider is not among them.
pub async fn memberships(tx: &mut Tx, email: &str) -> Result<Vec<Membership>> {
    let rows = sqlx::query!(
        r#"select m.id, m.account_id, a.name as account, m.organization_id, o.name as "organization?", m.role, m.first_name
           from member m join account a on a.id = m.account_id left join organization o on o.id = m.organization_id
           where m.email = lower($1) and m.removed_at is null and m.suspended_at is null
             and not (m.role <> 'agent' and exists (
                 select from identity_provider p where p.account_id = m.account_id and p.required))
           order by m.id limit $2"#,
        email,
        MEMBERSHIPS,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Membership {
                member_id: MemberId(row.id),
                account_id: AccountId(row.account_id),
                account: row.account,
                organization_id: row.organization_id.map(OrganizationId),
                organization: row.organization,
                role: read_word("member", &row.role)?,
                first_name: row.first_name,
            })
        })
        .collect()
}

/// Sign-ins that are forgotten at a time.
pub const STEP: u64 = 10_000;

/// Forgets sign-ins older than `age`, with the address, the client's words and its address; at most
/// [`STEP`] of them.
pub async fn forget(tx: &mut Tx, age: Duration) -> Result<u64> {
    let done = sqlx::query!(
        "delete from sign_in where id in (
             select id from sign_in where created_at < clock_timestamp() - make_interval(secs => $1) limit $2)",
        age.as_secs_f64(),
        i64::try_from(STEP).unwrap_or(i64::MAX),
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}
