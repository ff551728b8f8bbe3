//! Tokens of members (rules A5 and A6).

use chrono::{DateTime, Utc};
use muster_domain::ids::{AccountId, GroupId, MemberId, OrganizationId};
use uuid::Uuid;

use super::Member;
use crate::{Page, Pool, Result, Tx, db::error::read_word};

/// A token in force.
#[derive(Debug, Clone)]
pub struct LiveToken {
    /// The token.
    pub id: Uuid,
    /// The hash of its secret.
    pub secret_hash: Vec<u8>,
    /// The member that holds it.
    pub member: Member,
    /// Its last use is not known to the minute.
    pub use_is_due: bool,
}

/// Returns the token in force with a secret of this hash.
pub async fn by_token(pool: &Pool, secret_hash: &[u8]) -> Result<Option<LiveToken>> {
    Ok(by_tokens(pool, &[secret_hash.to_vec()]).await?.pop())
}

/// Of these tokens, those in force, by the hashes of their secrets: neither revoked nor expired, of
/// members that are neither suspended nor removed.
pub async fn by_tokens(pool: &Pool, secret_hashes: &[Vec<u8>]) -> Result<Vec<LiveToken>> {
    let rows = sqlx::query!(
        r#"select t.id as token_id, t.secret_hash, m.id, m.account_id, m.organization_id, m.role, m.first_name, m.last_name,
                  array(select g.group_id from group_member g where g.member_id = m.id) as "groups!",
                  not exists (
                      select from token_use u
                      where u.token_id = t.id and u.used_at > clock_timestamp() - interval '1 minute') as "use_is_due!"
           from token t join member m on m.id = t.member_id
           where t.secret_hash = any($1) and t.revoked_at is null and (t.expires_at is null or t.expires_at > clock_timestamp())
             and m.suspended_at is null and m.removed_at is null"#,
        secret_hashes,
    )
    .fetch_all(&mut *pool.connection().await?)
    .await?;
    rows.into_iter()
        .map(|row| {
            let member = Member {
                id: MemberId(row.id),
                account_id: AccountId(row.account_id),
                organization_id: row.organization_id.map(OrganizationId),
                role: read_word("member", &row.role)?,
                first_name: row.first_name,
                last_name: row.last_name,
                groups: row.groups.into_iter().map(GroupId).collect(),
            };
            let (id, secret_hash, use_is_due) = (row.token_id, row.secret_hash, row.use_is_due);
            Ok(LiveToken { id, secret_hash, member, use_is_due })
        })
        .collect()
}

/// Keeps that a token was used now; at most one write a minute and token, however many ask.
pub async fn note_use(pool: &Pool, token_id: Uuid) -> Result<()> {
    sqlx::query!(
        "insert into token_use as u (token_id, used_at) values ($1, clock_timestamp())
         on conflict (token_id) do update set used_at = excluded.used_at
         where u.used_at <= excluded.used_at - interval '1 minute'",
        token_id,
    )
    .execute(&mut *pool.connection().await?)
    .await?;
    Ok(())
}

/// A token to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    /// The token.
    pub id: Uuid,
    /// Its member.
    pub member_id: MemberId,
    /// A name by which the member tells their tokens apart.
    pub name: &'a str,
    /// The hash of its secret.
    pub secret_hash: &'a [u8],
    /// From then on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Keeps the hash of a new token's secret.
pub async fn add_token(tx: &mut Tx, new: NewToken<'_>) -> Result<()> {
    sqlx::query!(
        "insert into token (id, member_id, name, secret_hash, expires_at) values ($1, $2, $3, $4, $5)",
        new.id,
        new.member_id.0,
        new.name,
        new.secret_hash,
        new.expires_at,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A token as it is listed.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Its last use, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// From then on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Tokens of a member after `after`, by age, that were not ended; expired ones too.
pub async fn tokens(tx: &mut Tx, member_id: MemberId, page: Page<Uuid>) -> Result<Vec<Token>> {
    Ok(sqlx::query_as!(
        Token,
        r#"select t.id, t.name, t.created_at, u.used_at as "last_used_at?", t.expires_at
           from token t left join token_use u on u.token_id = t.id
           where t.member_id = $1 and t.revoked_at is null and ($2::uuid is null or t.id > $2)
           order by t.id limit $3"#,
        member_id.0,
        page.after,
        page.limit,
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Ends all tokens of a member; they are refused from then on.
pub async fn revoke_tokens(tx: &mut Tx, member_id: MemberId) -> Result<()> {
    sqlx::query!("update token set revoked_at = now() where member_id = $1 and revoked_at is null", member_id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns the member that a token belongs to.
pub async fn token_owner(tx: &mut Tx, token_id: Uuid) -> Result<Option<MemberId>> {
    let owner =
        sqlx::query_scalar!("select member_id from token where id = $1", token_id).fetch_optional(tx.conn()).await?;
    Ok(owner.map(MemberId))
}

/// Revokes a token; it is refused from then on.
pub async fn revoke_token(tx: &mut Tx, token_id: Uuid) -> Result<()> {
    sqlx::query!("update token set revoked_at = coalesce(revoked_at, now()) where id = $1", token_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}
