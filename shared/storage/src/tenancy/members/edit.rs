//! Changes of members: name, address, role, suspension and removal (rules A5 and A6).

use muster_domain::{
    ids::{GroupId, MemberId},
    tenancy::{member::MemberState, role::Role},
};

use super::MemberRecord;
use crate::{Result, Tx, tenancy::sign_in::sessions};

/// A member's new name, address and role.
#[derive(Debug, Clone, Copy)]
pub struct MemberEdit<'a> {
    /// Given name.
    pub first_name: &'a str,
    /// Family name.
    pub last_name: &'a str,
    /// Address; none for none.
    pub email: Option<&'a str>,
    /// Role.
    pub role: Role,
}

/// Changes a member; false when another member of the same place has the address. Two edits of one
/// place take turns, so that the database never meets an address twice, which it would write into
/// its log (rule R5). Another role ends the member's sessions (rule A6).
pub async fn edit(tx: &mut Tx, before: &MemberRecord, edit: MemberEdit<'_>) -> Result<bool> {
    let place = before.member.organization_id.map_or(before.member.account_id.0, |id| id.0);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", format!("member emails {place}"))
        .execute(tx.conn())
        .await?;
    let done = sqlx::query!(
        "update member m set first_name = $2, last_name = $3, email = lower($4), role = $5, version = version + 1
         where m.id = $1 and not exists (
             select from member o
             where o.account_id = m.account_id and o.organization_id is not distinct from m.organization_id and o.id <> m.id
               and o.removed_at is null and o.email = lower($4))",
        before.member.id.0,
        edit.first_name,
        edit.last_name,
        edit.email,
        edit.role.as_str(),
    )
    .execute(tx.conn())
    .await?;
    if done.rows_affected() == 1 && edit.role != before.member.role {
        sessions::end_all(tx, before.member.id, None).await?;
    }
    Ok(done.rows_affected() == 1)
}

/// Takes a member to another state. Sessions end with a suspension and a removal; a removed member
/// has no groups and no tokens any more.
pub async fn set_state(tx: &mut Tx, id: MemberId, state: MemberState) -> Result<()> {
    sqlx::query!(
        "update member set version = version + 1,
             suspended_at = case when $2 = 'active' then null else coalesce(suspended_at, clock_timestamp()) end,
             removed_at = case when $2 = 'removed' then coalesce(removed_at, clock_timestamp()) end
         where id = $1",
        id.0,
        state.as_str(),
    )
    .execute(tx.conn())
    .await?;
    if state != MemberState::Active {
        sessions::end_all(tx, id, None).await?;
    }
    if state == MemberState::Removed {
        sqlx::query!("update token set revoked_at = now() where member_id = $1 and revoked_at is null", id.0)
            .execute(tx.conn())
            .await?;
        sqlx::query!("delete from group_member where member_id = $1", id.0).execute(tx.conn()).await?;
    }
    Ok(())
}

/// Takes a member out of a group.
pub async fn leave_group(tx: &mut Tx, group_id: GroupId, id: MemberId) -> Result<()> {
    sqlx::query!("delete from group_member where group_id = $1 and member_id = $2", group_id.0, id.0)
        .execute(tx.conn())
        .await?;
    sqlx::query!("update member set version = version + 1 where id = $1", id.0).execute(tx.conn()).await?;
    Ok(())
}

/// Frees the number of an agent in a group (rule A6). One that conversations were held from stays
/// the group's, so that their contacts' texts arrive there (rule A3), for its next agent; another
/// is the organization's to give out again.
pub async fn free_number(tx: &mut Tx, group_id: GroupId, id: MemberId) -> Result<()> {
    sqlx::query!(
        "update sender_number n set agent_id = null, former_agent_id = n.agent_id,
             group_id = case when exists (select from thread t where t.sender_e164 = n.e164 and t.group_id = n.group_id)
                 then n.group_id end
         where n.group_id = $1 and n.agent_id = $2",
        group_id.0,
        id.0,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
