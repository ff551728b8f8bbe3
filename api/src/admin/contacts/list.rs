//! `GET /v1/organizations/{organization_id}/contacts`: contacts by age, of one group if asked.

use axum::{Json as Answer, extract::State};
use muster_domain::{
    ids::{ContactId, GroupId},
    tenancy::role::Role,
};
use muster_storage::{
    people::contacts::{self, Filter},
    tenancy::groups,
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::contacts::body::{ContactBody, body},
    auth::Admin,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ContactFilter {
    /// Only members of this group; group admins must name one of theirs.
    #[param(value_type = Option<uuid::Uuid>)]
    group_id: Option<GroupId>,
}

/// Lists contacts by age; for a group admin as their groups know them: values that other groups
/// have brought are absent.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/contacts", tag = "contacts")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery<ContactFilter>,
) -> Result<Answer<Listed<ContactBody>>, Problem> {
    match query.filter.group_id {
        Some(group_id) => {
            admin.group(group_id)?;
            groups::get(&api.pool, admin.organization_id, group_id).await?.ok_or_else(|| Problem::no("group"))?;
        }
        None => admin.at_least(Role::OrganizationAdmin)?,
    }
    let filter = Filter { group_id: query.filter.group_id, ..Filter::default() };
    let page = query.page(ContactId);
    let found = contacts::page(&api.pool, admin.organization_id, admin.groups(), &filter, page).await?;
    Ok(Listed::answer(&page, found, |contact| contact.id, |contact| body(contact, &admin)))
}
