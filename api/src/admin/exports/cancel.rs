//! `POST /v1/organizations/{organization_id}/exports/{export_id}/cancel`.

use axum::{Json as Answer, extract::State};
use muster_domain::{ids::ExportId, trust::export::ExportCommand};
use muster_storage::trust::exports;
use uuid::Uuid;

use crate::{
    admin::exports::body::{ExportBody, body, find},
    auth::Admin,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Cancels an export that is not over; nothing of its file is left.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/exports/{export_id}/cancel", tag = "exports")]
pub(crate) async fn cancel(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ExportId)>,
) -> Result<Answer<ExportBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    find(&mut tx, &admin, id).await?;
    let export = exports::lock(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("export"))?;
    if !exports::end(&mut tx, &export, ExportCommand::Cancel, None).await? {
        return Err(Problem::conflict("the export is over"));
    }
    let after = find(&mut tx, &admin, id).await?;
    tx.commit().await?;
    Ok(Answer(body(after)))
}
