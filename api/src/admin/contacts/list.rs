//! `GET /v1/organizations/{organization_id}/contacts`: contacts by age, of one group if asked.

use axum::{Json as Answer, extract::State};
use muster_domain::{
    ids::{ContactId, GroupId},
    tenancy::role::Role,
};
use muster_storage::{people::contacts, tenancy::groups};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    admin::contacts::body::{ContactBody, body},
    auth::Admin,
    bounds,
    extract::{Query, page_limit},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactPage {
    items: Vec<ContactBody>,
    /// The cursor of the next page; null on the last.
    #[schema(value_type = Option<uuid::Uuid>)]
    next: Option<ContactId>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ContactQuery {
    /// Only members of this group; group admins must name one of theirs.
    #[param(value_type = Option<uuid::Uuid>)]
    group_id: Option<GroupId>,
    /// The `next` of the page before.
    cursor: Option<uuid::Uuid>,
    /// Items at most; 100 unless told.
    #[param(inline, value_type = Option<bounds::PageLimit>)]
    limit: Option<i64>,
}

/// Lists contacts by age; for a group admin as their groups know them: values that other groups
/// have brought are absent.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/contacts", tag = "contacts")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Query(query): Query<ContactQuery>,
) -> Result<Answer<ContactPage>, Problem> {
    match query.group_id {
        Some(group_id) => {
            admin.group(group_id)?;
            groups::get(&api.pool, admin.organization_id, group_id).await?.ok_or_else(|| Problem::no("group"))?;
        }
        None => admin.at_least(Role::OrganizationAdmin)?,
    }
    let limit = page_limit(query.limit)?;
    let cursor = query.cursor.map(ContactId);
    let all =
        contacts::page(&api.pool, admin.organization_id, admin.groups(), query.group_id, None, cursor, limit).await?;
    let next = all.last().map(|contact| contact.id).filter(|_| i64::try_from(all.len()) == Ok(limit));
    Ok(Answer(ContactPage { items: all.into_iter().map(|contact| body(contact, &admin)).collect(), next }))
}
