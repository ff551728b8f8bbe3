//! Credentials of members: tokens and sessions in force, by the hashes of their secrets.

use muster_domain::{
    ids::{AccountId, GroupId, MemberId, OrganizationId, SessionId},
    tenancy::sign_in::scope::Scope,
};
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

/// The kind of a credential, told by the beginning of its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// A token.
    Token,
    /// A session.
    Session,
}

/// A row of either statement.
struct Row {
    credential_id: Uuid,
    secret_hash: Vec<u8>,
    scope: String,
    use_is_due: bool,
    id: Uuid,
    account_id: Uuid,
    organization_id: Option<Uuid>,
    role: String,
    first_name: String,
    last_name: String,
    groups: Vec<Uuid>,
}

/// Tokens in force with a secret by this condition: they were neither ended nor have expired, and
/// their members are neither suspended nor removed.
macro_rules! tokens_in_force {
    ($condition:literal, $secret:expr) => {
        sqlx::query_as!(
            Row,
            r#"select t.id as credential_id, t.secret_hash, t.scope, not exists (
                   select from token_use u where u.token_id = t.id and u.used_at > clock_timestamp() - interval '1 minute'
               ) as "use_is_due!",
               m.id, m.account_id, m.organization_id, m.role, m.first_name, m.last_name,
               array(select g.group_id from group_member g where g.member_id = m.id) as "groups!"
               from token t join member m on m.id = t.member_id
               where t.revoked_at is null and (t.expires_at is null or t.expires_at > clock_timestamp())
                   and m.suspended_at is null and m.removed_at is null and t.secret_hash "#
                + $condition,
            $secret,
        )
    };
}

/// Sessions in force with a secret by this condition: they were neither ended, nor idle for too
/// long, nor are too old, and their members are neither suspended nor removed. Of a session's own
/// limits and those of its account today, the narrower ones hold.
macro_rules! sessions_in_force {
    ($condition:literal, $secret:expr) => {
        sqlx::query_as!(
            Row,
            r#"select s.id as credential_id, s.secret_hash, s.scope,
                   u.used_at is null or u.used_at <= clock_timestamp() - interval '1 minute' as "use_is_due!",
               m.id, m.account_id, m.organization_id, m.role, m.first_name, m.last_name,
               array(select g.group_id from group_member g where g.member_id = m.id) as "groups!"
               from session s
               join member m on m.id = s.member_id
               left join sign_in_policy p on p.account_id = m.account_id
               left join session_use u on u.session_id = s.id
               where s.ended_at is null
                   and s.created_at
                       > clock_timestamp() - make_interval(hours => least(s.lifetime_hours, p.session_lifetime_hours))
                   and greatest(s.created_at, u.used_at)
                       > clock_timestamp() - make_interval(mins => least(s.idle_minutes, p.session_idle_minutes))
                   and m.suspended_at is null and m.removed_at is null and s.secret_hash "#
                + $condition,
            $secret,
        )
    };
}

/// Returns the credential of this kind in force with a secret of this hash.
pub async fn by_secret(pool: &Pool, kind: CredentialKind, secret_hash: &[u8]) -> Result<Option<Credential>> {
    let mut connection = pool.connection().await?;
    // A single hash has a plan by the index, also one that was made while there were few secrets.
    let row = match kind {
        CredentialKind::Token => tokens_in_force!("= $1", secret_hash).fetch_optional(&mut *connection).await?,
        CredentialKind::Session => sessions_in_force!("= $1", secret_hash).fetch_optional(&mut *connection).await?,
    };
    row.map(|row| credential(kind, row)).transpose()
}

/// Of these credentials of any kind, those in force, of members that are neither suspended nor
/// removed.
pub async fn by_secrets(pool: &Pool, secret_hashes: &[Vec<u8>]) -> Result<Vec<Credential>> {
    let mut connection = pool.connection().await?;
    let tokens = tokens_in_force!("= any($1)", secret_hashes).fetch_all(&mut *connection).await?;
    let sessions = sessions_in_force!("= any($1)", secret_hashes).fetch_all(&mut *connection).await?;
    let tokens = tokens.into_iter().map(|row| credential(CredentialKind::Token, row));
    tokens.chain(sessions.into_iter().map(|row| credential(CredentialKind::Session, row))).collect()
}

fn credential(kind: CredentialKind, row: Row) -> Result<Credential> {
    let member = Member {
        id: MemberId(row.id),
        account_id: AccountId(row.account_id),
        organization_id: row.organization_id.map(OrganizationId),
        role: read_word("member", &row.role)?,
        first_name: row.first_name,
        last_name: row.last_name,
        groups: row.groups.into_iter().map(GroupId).collect(),
    };
    let id = match kind {
        CredentialKind::Token => CredentialId::Token(row.credential_id),
        CredentialKind::Session => CredentialId::Session(SessionId(row.credential_id)),
    };
    let scope = read_word("token or session", &row.scope)?;
    Ok(Credential { id, secret_hash: row.secret_hash, scope, member, use_is_due: row.use_is_due })
}

/// Keeps that a credential was used now; at most one write a minute and credential, however many
/// ask.
pub async fn note_use(pool: &Pool, id: CredentialId) -> Result<()> {
    let mut tx = pool.begin_lossy().await?;
    match id {
        CredentialId::Token(id) => {
            sqlx::query!(
                "insert into token_use as u (token_id, used_at) values ($1, clock_timestamp())
                 on conflict (token_id) do update set used_at = excluded.used_at
                 where u.used_at <= excluded.used_at - interval '1 minute'",
                id,
            )
            .execute(tx.conn())
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
            .execute(tx.conn())
            .await?;
        }
    }
    tx.commit_unrecorded().await
}
