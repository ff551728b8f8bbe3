//! `GET /v1/organizations/{organization_id}/contacts`: contacts by age, and searches among them
//! (rule C16).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::ContactId;
use muster_storage::{people::contacts, tenancy::groups};

use crate::{
    admin::contacts::{
        body::{ContactBody, body},
        filter::ContactFilter,
    },
    auth::Admin,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

/// Lists contacts, the youngest first; for a group admin those of their groups, as these know them:
/// values that other groups have brought are absent, and no filter finds them. Filters combine with
/// AND; those on groups, agents and a standing in a group hold for one membership.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/contacts", tag = "contacts")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery<ContactFilter>,
) -> Result<Answer<Listed<ContactBody>>, Problem> {
    let page = query.page(ContactId);
    let filter = query.filter.read().map_err(Problem::of_a_parameter)?;
    if let Some(group_id) = filter.group_id {
        admin.group(group_id)?;
        groups::get(&api.pool, admin.organization_id, group_id).await?.ok_or_else(|| Problem::no("group"))?;
    }
    let found = contacts::page(&api.pool, admin.organization_id, admin.groups(), &filter, page).await?;
    Ok(Listed::answer(&page, found, |contact| contact.id, |contact| body(contact, &admin)))
}
