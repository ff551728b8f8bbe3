//! `GET /v1/organizations/{organization_id}/automations`: automations by age.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::AutomationId;
use muster_storage::conversations::automations::{self, Filter};

use crate::{
    admin::automations::body::{AutomationBody, body},
    auth::OrganizationAdmin,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

/// Lists automations by age.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/automations", tag = "automations")]
pub(crate) async fn list(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    query: ListQuery,
) -> Result<Answer<Listed<AutomationBody>>, Problem> {
    let page = query.page(AutomationId);
    let found = automations::page(&api.pool, admin.organization_id, &Filter::default(), page).await?;
    Ok(Listed::answer(&page, found, |automation| automation.id, body))
}
