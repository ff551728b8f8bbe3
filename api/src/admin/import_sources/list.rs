//! `GET /v1/organizations/{organization_id}/import-sources`: sources by age.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::ImportSourceId;
use muster_storage::imports::sources::{self, Filter};

use crate::{
    admin::import_sources::body::{SourceItem, item},
    auth::OrganizationAdmin,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

/// Lists sources by age.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/import-sources", tag = "imports")]
pub(crate) async fn list(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    query: ListQuery,
) -> Result<Answer<Listed<SourceItem>>, Problem> {
    let page = query.page(ImportSourceId);
    let found = sources::page(&api.pool, admin.organization_id, &Filter::default(), page).await?;
    Ok(Listed::answer(&page, found, |source| source.id, item))
}
