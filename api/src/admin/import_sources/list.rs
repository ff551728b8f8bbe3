//! `GET /v1/organizations/{organization_id}/import-sources`: sources by age.

use axum::{Json as Answer, extract::State};
use muster_domain::{ids::ImportSourceId, tenancy::role::Role};
use muster_storage::imports::sources;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    admin::import_sources::body::{SourceItem, item},
    auth::Admin,
    extract::{Page, Query},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct SourcePage {
    items: Vec<SourceItem>,
    /// The cursor of the next page; null on the last.
    #[schema(value_type = Option<uuid::Uuid>)]
    next: Option<ImportSourceId>,
}

/// Lists sources by age.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/import-sources", tag = "imports")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Query(page): Query<Page>,
) -> Result<Answer<SourcePage>, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
    let limit = page.limit()?;
    let cursor = page.cursor.map(ImportSourceId);
    let all = sources::page(&api.pool, admin.organization_id, None, cursor, limit).await?;
    let next = all.last().map(|source| source.id).filter(|_| i64::try_from(all.len()) == Ok(limit));
    Ok(Answer(SourcePage { items: all.into_iter().map(item).collect(), next }))
}
