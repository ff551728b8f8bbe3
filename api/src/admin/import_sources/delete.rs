//! `DELETE /v1/organizations/{organization_id}/import-sources/{source_id}`.

use axum::extract::State;
use muster_domain::ids::ImportSourceId;
use muster_storage::{
    engine::schedules,
    imports::sources::{self, schedule_name},
};
use uuid::Uuid;

use crate::{
    admin::import_sources::body::find, auth::OrganizationAdmin, document::NoContent, extract::Path, problem::Problem,
    state::Api,
};

/// Deletes a source and its schedule; its imports stay.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/import-sources/{source_id}", tag = "imports")]
pub(crate) async fn delete(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, ImportSourceId)>,
) -> Result<NoContent, Problem> {
    find(&api, &admin, id).await?;
    let mut tx = api.pool.begin().await?;
    schedules::remove(&mut tx, &schedule_name(id)).await?;
    if !sources::delete(&mut tx, admin.organization_id, id).await? {
        return Err(Problem::no("source"));
    }
    tx.commit().await?;
    Ok(NoContent)
}
