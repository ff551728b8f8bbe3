//! `POST /v1/organizations/{organization_id}/conversations/assign`: many conversations to one agent
//! (rules W4 and W7).

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json as Answer, extract::State};
use muster_domain::{
    ids::{ContactId, GroupId, MemberId, ThreadId},
    tenancy::role::Role,
};
use muster_storage::{
    Tx,
    conversations::assign::{self, AssignedAll},
    sending::Concerned,
    tenancy::members,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    auth::Admin,
    bounds,
    extract::{Json, Path},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Assignment {
    #[schema(value_type = bounds::AssignedThreads)]
    thread_ids: Vec<ThreadId>,
    /// An agent that texts in the groups of all of them; null for none.
    #[schema(value_type = Option<Uuid>)]
    agent_id: Option<MemberId>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MovedContacts {
    /// Contacts that had another agent before, or none.
    moved: usize,
}

/// Assigns the contacts of conversations to an agent, or to none, all of them or none. It holds at
/// once: also claims in hand, batches and queued texts go with the contacts.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/conversations/assign", tag = "conversations")]
pub(crate) async fn assign(
    State(api): State<Api>,
    admin: Admin,
    Path(_organization): Path<Uuid>,
    Json(body): Json<Assignment>,
) -> Result<Answer<MovedContacts>, Problem> {
    bounds::AssignedThreads::check("thread_ids", &body.thread_ids)?;
    let mut tx = api.pool.begin().await?;
    let by_group = by_group(&mut tx, &admin, &body.thread_ids).await?;
    let limit = admin.organization(&mut tx).await?.settings.agent_contact_limit;
    let no_agent = || Problem::no("agent in the groups of these conversations");
    if let Some(agent_id) = body.agent_id {
        let found = members::get(&mut tx, admin.member.account_id, agent_id).await?;
        let fits = found.is_some_and(|member| {
            member.role == Role::Agent && by_group.keys().all(|group_id| member.groups.contains(group_id))
        });
        if !fits {
            return Err(no_agent());
        }
    }
    let mut moved = 0;
    for (group_id, contacts) in &by_group {
        match assign::assign_all(&mut tx, *group_id, contacts, body.agent_id, limit).await? {
            AssignedAll::Done { moved: more } => moved += more,
            AssignedAll::NotInGroup => {
                return Err(Problem::conflict("a contact of these conversations is not in the group any more"));
            }
            AssignedAll::NoAgent => return Err(no_agent()),
            AssignedAll::AgentFull => {
                return Err(Problem::conflict("the agent would have more contacts in a group than allowed"));
            }
        }
    }
    tx.commit().await?;
    let contacts: Vec<_> = by_group.into_values().flatten().collect();
    api.until_it_holds(Concerned::Contacts(&contacts)).await;
    Ok(Answer(MovedContacts { moved }))
}

/// Returns the contacts of conversations that the admin sees, by group in one order.
async fn by_group(tx: &mut Tx, admin: &Admin, ids: &[ThreadId]) -> Result<BTreeMap<GroupId, Vec<ContactId>>, Problem> {
    let wanted: BTreeSet<_> = ids.iter().map(|id| id.0).collect();
    let found = assign::find(tx, admin.organization_id, ids).await?;
    if found.len() != wanted.len() || found.iter().any(|of| admin.group(of.group_id).is_err()) {
        return Err(Problem::no("conversation"));
    }
    let mut groups: BTreeMap<GroupId, Vec<ContactId>> = BTreeMap::new();
    for of in found {
        groups.entry(of.group_id).or_default().push(of.contact_id);
    }
    Ok(groups)
}
