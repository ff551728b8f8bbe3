//! `GET /v1/organizations/{organization_id}/tags`: tags by age.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::TagId;
use muster_storage::people::tags::{self, Filter};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::tags::body::{TagItem, item},
    auth::Admin,
    bounds,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TagFilter {
    /// Only reasons of opt-outs and skips, or only other tags.
    reason: Option<bool>,
    /// Only tags with these words in their name, in any case.
    #[param(inline, value_type = Option<bounds::Search>)]
    search: Option<String>,
}

/// Lists tags by age; for a group admin those that their groups know, and all reasons.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/tags", tag = "tags")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery<TagFilter>,
) -> Result<Answer<Listed<TagItem>>, Problem> {
    let search = query.filter.search.as_deref().map(|words| bounds::Search::read("search", words)).transpose();
    let search = search.map_err(|_| Problem::invalid_parameter("search is not within its bounds"))?;
    let filter = Filter { id: None, reason: query.filter.reason, search: search.map(ToOwned::to_owned) };
    let page = query.page(TagId);
    let found = tags::page(&api.pool, admin.organization_id, admin.groups(), &filter, page).await?;
    Ok(Listed::answer(&page, found, |tag| tag.id, item))
}
