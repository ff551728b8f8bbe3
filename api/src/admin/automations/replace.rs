//! `PUT /v1/organizations/{organization_id}/automations/{automation_id}`.

use axum::extract::State;
use muster_domain::ids::AutomationId;
use muster_storage::conversations::automations::{self, Written};
use uuid::Uuid;

use crate::{
    admin::automations::{
        body::{AutomationBody, body, find},
        input::{Automation, check, taken},
    },
    auth::OrganizationAdmin,
    document::Tagged,
    extract::{IfMatch, Json, Path},
    problem::Problem,
    state::Api,
};

/// Replaces an automation's definition.
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/automations/{automation_id}", tag = "automations")]
pub(crate) async fn put(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, AutomationId)>,
    expected: IfMatch,
    Json(new): Json<Automation>,
) -> Result<Tagged<AutomationBody>, Problem> {
    let definition = check(&api, &admin, &new).await?;
    let mut tx = api.pool.begin().await?;
    let version =
        automations::lock(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("automation"))?;
    if !expected.allows(version) {
        return Err(Problem::edited_meanwhile(format!("the automation is at version {version}")));
    }
    if automations::replace(&mut tx, admin.organization_id, id, &definition).await? == Written::NameTaken {
        return Err(taken());
    }
    tx.commit().await?;
    let found = find(&api, &admin, id).await?;
    Ok(Tagged { version: found.version, body: body(found) })
}
