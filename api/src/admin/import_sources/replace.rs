//! `PUT /v1/organizations/{organization_id}/import-sources/{source_id}`.

use axum::{Json as Answer, extract::State};
use muster_domain::ids::ImportSourceId;
use muster_storage::imports::sources::{self, Replaced};
use uuid::Uuid;

use crate::{
    admin::import_sources::{
        body::{SourceItem, find, item},
        input::{SourceBody, check, set_schedule, taken},
    },
    auth::OrganizationAdmin,
    extract::{Json, Path},
    problem::Problem,
    state::Api,
};

/// Replaces a source's definition. The next fetch imports its file even if it has not changed.
#[utoipa::path(put, path = "/v1/organizations/{organization_id}/import-sources/{source_id}", tag = "imports")]
pub(crate) async fn put(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, ImportSourceId)>,
    Json(body): Json<SourceBody>,
) -> Result<Answer<SourceItem>, Problem> {
    let definition = check(&api, &admin, &body).await?;
    let mut tx = api.pool.begin().await?;
    match sources::replace(&mut tx, admin.organization_id, id, &definition).await? {
        Replaced::Done => {}
        Replaced::NoSource => return Err(Problem::no("source")),
        Replaced::NameTaken => return Err(taken()),
    }
    set_schedule(&mut tx, admin.organization_id, id, body.schedule.as_ref()).await?;
    tx.commit().await?;
    Ok(Answer(item(find(&api, &admin, id).await?)))
}
