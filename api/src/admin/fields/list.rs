//! `GET /v1/organizations/{organization_id}/fields`: custom fields by age.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::FieldId;
use muster_storage::people::fields::{self, Filter};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    admin::fields::body::{FieldItem, item},
    auth::Admin,
    bounds,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FieldListFilter {
    /// Only fields with these words in their name, in any case.
    #[param(inline, value_type = Option<bounds::Search>)]
    search: Option<String>,
}

/// Lists custom fields by age; for a group admin those in which their groups know a value.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/fields", tag = "tags")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery<FieldListFilter>,
) -> Result<Answer<Listed<FieldItem>>, Problem> {
    let search = query.filter.search.as_deref().map(|words| bounds::Search::read("search", words)).transpose();
    let search = search.map_err(|_| Problem::invalid_parameter("search is not within its bounds"))?;
    let filter = Filter { id: None, search: search.map(ToOwned::to_owned) };
    let page = query.page(FieldId);
    let found = fields::page(&api.pool, admin.organization_id, admin.groups(), &filter, page).await?;
    Ok(Listed::answer(&page, found, |field| field.id, item))
}
