//! Credentials of members: tokens and sessions in force, by the hashes of their secrets.

use muster_domain::{
    ids::{AccountId, GroupId, MemberId, OrganizationId, SessionId},
    tenancy::sign_in::scope::Scope,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Pool, Result, db::error::read_word, tenancy::members::Member};

/// A token or a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialId {
    /// A token.
    Token(Uuid),
    /// A session.
    Session(SessionId),
}

/// A token or a session in force.
#[derive(Debug, Clone)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// The hash of its secret.
    pub secret_hash: Vec<u8>,
    /// Its part of the member's rights.
    pub scope: Scope,
    /// The member that holds it.
    pub member: Member,
    /// Its last use is not known to the minute.
    pub use_is_due: bool,
}

/// Returns the credential in force with a secret of this hash.
pub async fn by_secret(pool: &Pool, secret_hash: &[u8]) -> Result<Option<Credential>> {
    Ok(by_secrets(pool, &[secret_hash.to_vec()]).await?.pop())
}

/// Hashes of one statement.
const AT_ONCE: usize = 8;

/// Of these credentials, those in force, of members that are neither suspended nor removed.
pub async fn by_secrets(pool: &Pool, secret_hashes: &[Vec<u8>]) -> Result<Vec<Credential>> {
    let mut found = Vec::with_capacity(secret_hashes.len());
    let mut connection = pool.connection().await?;
    for some in secret_hashes.chunks(AT_ONCE) {
        found.extend(look_up(&mut connection, some).await?);
    }
    Ok(found)
}

/// Looks up at most [`AT_ONCE`] credentials.
async fn look_up(connection: &mut PgConnection, some: &[Vec<u8>]) -> Result<Vec<Credential>> {
    // The last one again, where there are fewer.
    let hash = |at: usize| some.get(at).or(some.last()).map(Vec::as_slice);
    let rows = sqlx::query_file!(
        "src/tenancy/sign_in/credentials.sql",
        hash(0),
        hash(1),
        hash(2),
        hash(3),
        hash(4),
        hash(5),
        hash(6),
        hash(7),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = match row.kind.as_str() {
                "session" => CredentialId::Session(SessionId(row.credential_id)),
                _ => CredentialId::Token(row.credential_id),
            };
            let member = Member {
                id: MemberId(row.id),
                account_id: AccountId(row.account_id),
                organization_id: row.organization_id.map(OrganizationId),
                role: read_word("member", &row.role)?,
                first_name: row.first_name,
                last_name: row.last_name,
                groups: row.groups.into_iter().map(GroupId).collect(),
            };
            let scope = read_word("token or session", &row.scope)?;
            Ok(Credential { id, secret_hash: row.secret_hash, scope, member, use_is_due: row.use_is_due })
        })
        .collect()
}

/// Keeps that a credential was used now; at most one write a minute and credential, however many
/// ask.
pub async fn note_use(pool: &Pool, id: CredentialId) -> Result<()> {
    let mut connection = pool.connection().await?;
    match id {
        CredentialId::Token(id) => {
            sqlx::query!(
                "insert into token_use as u (token_id, used_at) values ($1, clock_timestamp())
                 on conflict (token_id) do update set used_at = excluded.used_at
                 where u.used_at <= excluded.used_at - interval '1 minute'",
                id,
            )
            .execute(&mut *connection)
            .await?;
        }
        CredentialId::Session(id) => {
            // By the session's row: one that was forgotten meanwhile has no uses.
            sqlx::query!(
                "insert into session_use as u (session_id, used_at) select id, clock_timestamp() from session where id = $1
                 on conflict (session_id) do update set used_at = excluded.used_at
                 where u.used_at <= excluded.used_at - interval '1 minute'",
                id.0,
            )
            .execute(&mut *connection)
            .await?;
        }
    }
    Ok(())
}
