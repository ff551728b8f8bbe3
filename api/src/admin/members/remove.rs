//! `DELETE /v1/organizations/{organization_id}/members/{member_id}`: a member leaves for good
//! (rule A6).

use axum::extract::State;
use muster_domain::{
    ids::{GroupId, MemberId},
    tenancy::{
        member::{MemberCommand, MemberState},
        role::Role,
    },
};
use muster_storage::{
    Tx,
    goals::leaving,
    sending::Concerned,
    tenancy::members::{self, Member},
};
use uuid::Uuid;

use crate::{auth::Admin, document::NoContent, extract::Path, problem::Problem, state::Api};

/// Removes a member: their tokens are refused from now on, and their work in hand is free at once.
/// Their batches return to the goals as at a lease's end, their conversations can be claimed by
/// others, their contacts are nobody's, their numbers are free, and goals' texts of theirs that the
/// carrier does not have yet are cancelled for another agent to send. The record stays, because
/// history names it; the person can be a member again by a new one.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/members/{member_id}", tag = "members")]
pub(crate) async fn remove(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, MemberId)>,
) -> Result<NoContent, Problem> {
    apply(&api, &admin, id, MemberCommand::Remove).await
}

/// Takes a member to another state, and all that this ends with them.
pub(crate) async fn apply(
    api: &Api,
    admin: &Admin,
    id: MemberId,
    command: MemberCommand,
) -> Result<NoContent, Problem> {
    if id == admin.member.id {
        return Err(Problem::conflict("another admin has to do this for you"));
    }
    let mut tx = api.pool.begin().await?;
    let (admin, before) = admin.to_change(&mut tx, id).await?;
    let after = before.state.after(command).ok_or_else(|| Problem::conflict("the member was removed"))?;
    if after == before.state {
        return Ok(NoContent);
    }
    if after != MemberState::Active && before.member.role == Role::Agent {
        for group in &before.member.groups {
            let_go(&mut tx, &admin, &before.member, *group, after == MemberState::Removed).await?;
        }
    }
    members::set_state(&mut tx, id, after).await?;
    tx.commit().await?;
    if after != MemberState::Active {
        api.until_it_holds(Concerned::Organization(admin.organization_id)).await;
    }
    Ok(NoContent)
}

/// Frees all that an agent has in hand in a group; with `number`, the number that they text from as
/// well.
pub(crate) async fn let_go(
    tx: &mut Tx,
    admin: &Admin,
    agent: &Member,
    group_id: GroupId,
    number: bool,
) -> Result<(), Problem> {
    leaving::let_go(tx, admin.organization_id, group_id, agent.id, &admin.origin()).await?;
    if number {
        members::free_number(tx, group_id, agent.id).await?;
    }
    Ok(())
}
