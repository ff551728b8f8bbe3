//! `PUT /v1/organizations/{organization_id}/groups/{group_id}/members/{member_id}` (rules A3 and
//! A4).

use axum::{Json as Answer, extract::State};
use muster_domain::{
    ids::{GroupId, MemberId},
    tenancy::role::Role,
};
use muster_storage::tenancy::groups;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{auth::Admin, bounds, document::Once, extract::Path, idempotency::Keyed, problem::Problem, state::Api};

#[derive(Serialize, ToSchema)]
pub(crate) struct AgentInGroup {
    /// The number the agent texts from in this group, E.164; null for an admin.
    #[schema(value_type = Option<bounds::PhoneNumber>)]
    sender_number: Option<String>,
}

/// Adds a member to a group: an agent gets a sender number of its area code, the same as before if
/// they had one.
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/groups/{group_id}/members/{member_id}", tag = "groups")]
pub(crate) async fn add_member(
    State(api): State<Api>,
    admin: Admin,
    keyed: Keyed,
    Path((_organization, id, member_id)): Path<(Uuid, GroupId, MemberId)>,
) -> Result<Once<Answer<AgentInGroup>>, Problem> {
    admin.group(id)?;
    groups::get(&api.pool, admin.organization_id, id).await?.ok_or_else(|| Problem::no("group"))?;
    keyed
        .run(&api, admin.member.id, &json!({}), async |tx| {
            let member = admin.member(tx, member_id).await?;
            let member = member.filter(|member| member.organization_id == Some(admin.organization_id));
            let member = member.ok_or_else(|| Problem::no("member"))?;
            if !member.groups.contains(&id) && !admin.member.reach().may_place(&member.reach()) {
                return Err(Problem::forbidden("the member is in groups that are not yours"));
            }
            let number = if member.role == Role::Agent {
                let number = groups::add_agent(tx, id, member_id).await?;
                let free =
                    number.ok_or_else(|| Problem::no_sender_number("add numbers of the group's area code first"))?;
                Some(free.as_str().to_owned())
            } else {
                admin.at_least(Role::OrganizationAdmin)?;
                groups::add_member(tx, id, member_id).await?;
                None
            };
            Ok(Answer(AgentInGroup { sender_number: number }))
        })
        .await
}
