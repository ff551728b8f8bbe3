//! Members, their roles and their tokens (rule A5).

use muster_domain::{
    ids::{AccountId, GroupId, MemberId, OrganizationId},
    tenancy::role::{Reach, Role},
};
use uuid::Uuid;

use crate::{Pool, Result, Tx, db::error::read_word};

/// A person with a sign-in.
#[derive(Debug, Clone)]
pub struct Member {
    /// The member.
    pub id: MemberId,
    /// The customer.
    pub account_id: AccountId,
    /// The tenant; none for account admins.
    pub organization_id: Option<OrganizationId>,
    /// Their role.
    pub role: Role,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// The groups they administer or text in.
    pub groups: Vec<GroupId>,
}

impl Member {
    /// Their rights, and the places of these (rule A5).
    pub fn reach(&self) -> Reach<'_> {
        Reach {
            member_id: self.id,
            account_id: self.account_id,
            organization_id: self.organization_id,
            role: self.role,
            groups: &self.groups,
        }
    }
}

/// A member to be made.
#[derive(Debug, Clone)]
pub struct NewMember<'a> {
    /// The customer.
    pub account_id: AccountId,
    /// The tenant; none for account admins.
    pub organization_id: Option<OrganizationId>,
    /// Their role.
    pub role: Role,
    /// Given name.
    pub first_name: &'a str,
    /// Family name.
    pub last_name: &'a str,
    /// The address by which files name them; unique in the account, compared without regard to
    /// case.
    pub email: Option<&'a str>,
}

/// Creates a member; false when another member of the account has the address. That is no error of
/// the database, which would write the address into its log (rule R5).
pub async fn create(tx: &mut Tx, id: MemberId, new: &NewMember<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into member (id, account_id, organization_id, role, first_name, last_name, email)
         values ($1, $2, $3, $4, $5, $6, lower($7))
         on conflict (account_id, email) do nothing",
        id.0,
        new.account_id.0,
        new.organization_id.map(|id| id.0),
        new.role.as_str(),
        new.first_name,
        new.last_name,
        new.email,
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns the member with a token that is not revoked, by the hash of its secret.
pub async fn by_token(pool: &Pool, secret_hash: &[u8]) -> Result<Option<Member>> {
    let found = by_tokens(pool, &[secret_hash.to_vec()]).await?.pop();
    Ok(found.map(|found| found.member))
}

/// A token that is not revoked.
#[derive(Debug, Clone)]
pub struct LiveToken {
    /// The hash of its secret.
    pub secret_hash: Vec<u8>,
    /// The member that holds it.
    pub member: Member,
}

/// Of these tokens, those that are not revoked; by the hashes of their secrets.
pub async fn by_tokens(pool: &Pool, secret_hashes: &[Vec<u8>]) -> Result<Vec<LiveToken>> {
    let rows = sqlx::query!(
        r#"select t.secret_hash, m.id, m.account_id, m.organization_id, m.role, m.first_name, m.last_name,
                  array(select g.group_id from group_member g where g.member_id = m.id) as "groups!"
           from token t join member m on m.id = t.member_id
           where t.secret_hash = any($1) and t.revoked_at is null"#,
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
            Ok(LiveToken { secret_hash: row.secret_hash, member })
        })
        .collect()
}

/// Locks a member, so that their rights stay as they are while another acts for them; then [`get`]
/// tells them.
pub async fn lock(tx: &mut Tx, account_id: AccountId, id: MemberId) -> Result<()> {
    sqlx::query!("select from member where id = $1 and account_id = $2 for no key update", id.0, account_id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns a member of this account.
pub async fn get(tx: &mut Tx, account_id: AccountId, id: MemberId) -> Result<Option<Member>> {
    let row = sqlx::query!(
        r#"select m.organization_id, m.role, m.first_name, m.last_name,
                  array(select g.group_id from group_member g where g.member_id = m.id) as "groups!"
           from member m where m.id = $1 and m.account_id = $2"#,
        id.0,
        account_id.0,
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(Member {
            id,
            account_id,
            organization_id: row.organization_id.map(OrganizationId),
            role: read_word("member", &row.role)?,
            first_name: row.first_name,
            last_name: row.last_name,
            groups: row.groups.into_iter().map(GroupId).collect(),
        })
    })
    .transpose()
}

/// Keeps the hash of a new token's secret.
pub async fn add_token(tx: &mut Tx, token_id: Uuid, member_id: MemberId, secret_hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into token (id, member_id, secret_hash) values ($1, $2, $3)",
        token_id,
        member_id.0,
        secret_hash
    )
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
