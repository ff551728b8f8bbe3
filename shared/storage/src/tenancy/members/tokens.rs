//! Tokens of members (rules A5 and A6).

use chrono::{DateTime, Utc};
use muster_domain::{ids::MemberId, tenancy::sign_in::scope::Scope};
use uuid::Uuid;

use crate::{Page, Result, Tx, db::error::read_word};

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
    /// Its part of the member's rights.
    pub scope: Scope,
    /// From then on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Keeps the hash of a new token's secret.
pub async fn add_token(tx: &mut Tx, new: NewToken<'_>) -> Result<()> {
    sqlx::query!(
        "insert into token (id, member_id, name, secret_hash, scope, expires_at) values ($1, $2, $3, $4, $5, $6)",
        new.id,
        new.member_id.0,
        new.name,
        new.secret_hash,
        new.scope.as_str(),
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
    /// Its part of the member's rights.
    pub scope: Scope,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Its last use, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// From then on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Tokens of a member after `after`, by age, that were not ended; expired ones too.
pub async fn tokens(tx: &mut Tx, member_id: MemberId, page: Page<Uuid>) -> Result<Vec<Token>> {
    let rows = sqlx::query!(
        r#"select t.id, t.name, t.scope, t.created_at, u.used_at as "last_used_at?", t.expires_at
           from token t left join token_use u on u.token_id = t.id
           where t.member_id = $1 and t.revoked_at is null and ($2::uuid is null or t.id > $2)
           order by t.id limit $3"#,
        member_id.0,
        page.after,
        page.limit,
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Token {
                id: row.id,
                name: row.name,
                scope: read_word("token", &row.scope)?,
                created_at: row.created_at,
                last_used_at: row.last_used_at,
                expires_at: row.expires_at,
            })
        })
        .collect()
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
