//! `DELETE /v1/organizations/{organization_id}/automations/{automation_id}`.

use axum::extract::State;
use muster_domain::{ids::AutomationId, tenancy::role::Role};
use muster_storage::conversations::automations;
use uuid::Uuid;

use crate::{auth::Admin, document::NoContent, extract::Path, problem::Problem, state::Api};

/// Deletes an automation. Its runs stay, and explain contacts without its name.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/automations/{automation_id}", tag = "automations")]
pub(crate) async fn delete(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, AutomationId)>,
) -> Result<NoContent, Problem> {
    admin.at_least(Role::OrganizationAdmin)?;
    let mut tx = api.pool.begin().await?;
    if !automations::delete(&mut tx, admin.organization_id, id).await? {
        return Err(Problem::no("automation"));
    }
    tx.commit().await?;
    Ok(NoContent)
}
