//! `DELETE /v1/organizations/{organization_id}/automations/{automation_id}`.

use axum::extract::State;
use muster_domain::ids::AutomationId;
use muster_storage::conversations::automations;
use uuid::Uuid;

use crate::{auth::OrganizationAdmin, document::NoContent, extract::Path, problem::Problem, state::Api};

/// Deletes an automation. Its runs stay, and explain contacts without its name.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/automations/{automation_id}", tag = "automations")]
pub(crate) async fn delete(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, AutomationId)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    if !automations::delete(&mut tx, admin.organization_id, id).await? {
        return Err(Problem::no("automation"));
    }
    tx.commit().await?;
    Ok(NoContent)
}
