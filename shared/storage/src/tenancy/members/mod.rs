//! Members, their roles and their tokens (rule A5).

use muster_domain::{
    ids::{AccountId, GroupId, MemberId, OrganizationId},
    tenancy::role::{Reach, Role},
};

use crate::{Result, Tx, db::error::read_word};

mod edit;
mod list;
mod tokens;

pub use edit::*;
pub use list::*;
pub use tokens::*;

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
    /// The address by which files name them; unique in the organization, compared without regard to
    /// case.
    pub email: Option<&'a str>,
}

/// Creates a member; false when another member of the same place, the organization or the account's
/// admins, has the address. That is no error of the database, which would write the address into
/// its log (rule R5).
pub async fn create(tx: &mut Tx, id: MemberId, new: &NewMember<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into member (id, account_id, organization_id, role, first_name, last_name, email)
         values ($1, $2, $3, $4, $5, $6, lower($7))
         on conflict do nothing",
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

/// Locks a member, so that their rights stay as they are while another acts for them; then [`get`]
/// tells them.
///
/// Members come first in the order of locks: members, goals, agents of groups, memberships,
/// batches, targets, threads.
pub async fn lock(tx: &mut Tx, account_id: AccountId, id: MemberId) -> Result<()> {
    sqlx::query!("select from member where id = $1 and account_id = $2 for no key update", id.0, account_id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Returns a member of this account that was not removed.
pub async fn get(tx: &mut Tx, account_id: AccountId, id: MemberId) -> Result<Option<Member>> {
    let row = sqlx::query!(
        r#"select m.organization_id, m.role, m.first_name, m.last_name,
                  array(select g.group_id from group_member g where g.member_id = m.id) as "groups!"
           from member m where m.id = $1 and m.account_id = $2 and m.removed_at is null"#,
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

/// Locks members in the order of their ids: the one that is changed and the admin that does it, so
/// that two admins end one another's rights one after the other.
pub async fn lock_all(tx: &mut Tx, account_id: AccountId, ids: &[MemberId]) -> Result<()> {
    sqlx::query!(
        "select from member where id = any($1) and account_id = $2 order by id for no key update",
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
        account_id.0,
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// Makes sure that an agent texts in a group until this transaction ends: taking them out of it, or
/// suspending them, waits for this transaction or is seen here (rule A6).
pub async fn lock_texting(tx: &mut Tx, group_id: GroupId, agent_id: MemberId) -> Result<bool> {
    sqlx::query!(
        "select from group_member where group_id = $1 and member_id = $2 for key share",
        group_id.0,
        agent_id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    // By another statement, which begins after the wait.
    Ok(sqlx::query_scalar!(r#"select texts_in($1, $2) as "texts!""#, group_id.0, agent_id.0)
        .fetch_one(tx.conn())
        .await?)
}
