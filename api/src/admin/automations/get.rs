//! `GET /v1/organizations/{organization_id}/automations/{automation_id}`.

use axum::extract::State;
use muster_domain::ids::AutomationId;
use uuid::Uuid;

use crate::{
    admin::automations::body::{AutomationBody, body, find},
    auth::OrganizationAdmin,
    document::Tagged,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads an automation.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/automations/{automation_id}", tag = "automations")]
pub(crate) async fn get(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, AutomationId)>,
) -> Result<Tagged<AutomationBody>, Problem> {
    let found = find(&api, &admin, id).await?;
    Ok(Tagged { version: found.version, body: body(found) })
}
