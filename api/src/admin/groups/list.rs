//! `GET /v1/organizations/{organization_id}/groups`: groups by age.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::GroupId;
use muster_storage::tenancy::groups::{self, Filter};

use crate::{
    admin::groups::body::{GroupBody, body},
    auth::Admin,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

/// Lists groups by age.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/groups", tag = "groups")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery,
) -> Result<Answer<Listed<GroupBody>>, Problem> {
    let page = query.page(GroupId);
    let found = groups::page(&api.pool, admin.organization_id, &Filter { ids: admin.groups() }, page).await?;
    Ok(Listed::answer(&page, found, |counted| counted.group.id, body))
}
