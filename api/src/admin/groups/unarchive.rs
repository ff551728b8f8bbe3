//! `POST /v1/organizations/{organization_id}/groups/{group_id}/unarchive` (rule A4).

use axum::extract::State;
use muster_domain::ids::GroupId;
use muster_storage::tenancy::groups;
use uuid::Uuid;

use crate::{auth::OrganizationAdmin, document::NoContent, extract::Path, problem::Problem, state::Api};

/// Takes an archived group back into use: it takes goals again.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/groups/{group_id}/unarchive", tag = "groups")]
pub(crate) async fn unarchive(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, GroupId)>,
) -> Result<NoContent, Problem> {
    admin.group(id)?;
    let mut tx = api.pool.begin().await?;
    if !groups::set_archived(&mut tx, admin.organization_id, id, false).await? {
        return Err(Problem::no("group"));
    }
    tx.commit().await?;
    Ok(NoContent)
}
