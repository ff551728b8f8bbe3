//! `PATCH /v1/organizations/{organization_id}/groups/{group_id}/contacts/{contact_id}`: a contact's
//! membership of a group (rules R1 and W4).

use axum::extract::State;
use muster_domain::{
    ids::{ContactId, GroupId, MemberId},
    people::bulk::BulkOutcome,
    tenancy::role::Role,
};
use muster_storage::{
    people::{
        contacts,
        memberships::{self, Assigned},
    },
    sending::Concerned,
    tenancy::{groups, members},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::contacts::reach::as_expected,
    auth::Admin,
    document::NoContent,
    extract::{IfMatch, Json, Path, present},
    problem::Problem,
    state::Api,
};

/// Absent members stay as they are.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MembershipEdit {
    /// False deactivates the contact here: no goal of the group targets or texts them.
    active: Option<bool>,
    /// The contact's agent here; null for none.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Uuid>)]
    #[expect(clippy::option_option, reason = "absent, null and a value are three different edits")]
    assigned_agent_id: Option<Option<MemberId>>,
}

/// Edits a membership, at once, also for queued texts and for batches in hand. `If-Match` takes the
/// contact's `ETag`.
#[utoipa::path(
    patch,
    path = "/v1/organizations/{organization_id}/groups/{group_id}/contacts/{contact_id}",
    tag = "contacts"
)]
pub(crate) async fn patch(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, group_id, contact_id)): Path<(Uuid, GroupId, ContactId)>,
    expected: IfMatch,
    Json(edit): Json<MembershipEdit>,
) -> Result<NoContent, Problem> {
    admin.group(group_id)?;
    groups::get(&api.pool, admin.organization_id, group_id).await?.ok_or_else(|| Problem::no("group"))?;
    let mut tx = api.pool.begin().await?;
    let organization = admin.organization(&mut tx).await?;
    if let Some(Some(agent)) = edit.assigned_agent_id {
        let member = members::get(&mut tx, admin.member.account_id, agent).await?;
        let fits = member.is_some_and(|member| member.role == Role::Agent && member.groups.contains(&group_id));
        if !fits {
            return Err(Problem::no("agent in this group"));
        }
    }
    if edit.assigned_agent_id.is_some() {
        // Everybody locks goals before contacts, and these before memberships.
        memberships::lock_goals(&mut tx, group_id).await?;
    }
    if expected.is_sent() {
        contacts::lock_one(&mut tx, admin.organization_id, contact_id).await?;
        as_expected(&mut tx, &admin, contact_id, &expected).await?;
    }
    if let Some(agent) = edit.assigned_agent_id {
        let limit = organization.settings.agent_contact_limit;
        match memberships::assign(&mut tx, group_id, &[contact_id], agent, limit).await? {
            Assigned::Done(outcomes) => match outcomes.get(&contact_id) {
                Some(BulkOutcome::Changed | BulkOutcome::Unchanged) => {}
                Some(BulkOutcome::AgentFull) => {
                    return Err(Problem::agent_full("the agent has as many contacts in this group as allowed"));
                }
                _ => return Err(Problem::no("contact in this group")),
            },
            Assigned::NoAgent => return Err(Problem::no("agent in this group")),
        }
    }
    if let Some(active) = edit.active {
        let outcomes = memberships::set_active(&mut tx, group_id, &[contact_id], active).await?;
        if outcomes.get(&contact_id) == Some(&BulkOutcome::NotInGroup) {
            return Err(Problem::no("contact in this group"));
        }
    }
    tx.commit().await?;
    api.until_it_holds(Concerned::Contacts(&[contact_id])).await;
    Ok(NoContent)
}
