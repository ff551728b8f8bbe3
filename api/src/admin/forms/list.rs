//! `GET /v1/organizations/{organization_id}/forms`: forms by age.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::FormId;
use muster_storage::people::forms::{self, Filter};

use crate::{
    admin::forms::body::{FormBody, body},
    auth::Admin,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

/// Lists forms by age; for a group admin those of their groups.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/forms", tag = "forms")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    query: ListQuery,
) -> Result<Answer<Listed<FormBody>>, Problem> {
    let page = query.page(FormId);
    let filter = Filter { id: None, groups: admin.groups() };
    let found = forms::page(&api.pool, admin.organization_id, &filter, page).await?;
    Ok(Listed::answer(&page, found, |form| form.id, |form| body(&api, form)))
}
