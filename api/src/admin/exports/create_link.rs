//! `POST /v1/organizations/{organization_id}/exports/{export_id}/links`.

use axum::extract::State;
use chrono::{DateTime, Utc};
use muster_domain::ids::{ExportId, ExportLinkId};
use muster_service::secret;
use muster_storage::{
    Tx,
    trust::exports::{self, Export, NewLink},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::exports::body::find,
    auth::{Admin, secret_hash},
    document::Created,
    extract::Path,
    problem::Problem,
    state::Api,
};

#[derive(Serialize, ToSchema)]
pub(crate) struct NewExportLink {
    #[schema(value_type = Uuid)]
    id: ExportLinkId,
    /// The path of the file, which is downloaded without a token. Shown once, here.
    path: String,
    /// From then on it is refused; as the organization's setting `export_link_hours` says.
    expires_at: DateTime<Utc>,
}

/// Makes a link to the file of an export that has succeeded. It is bound to the admin that makes
/// it: it ends with their rights, and its openings are told beside their name. Make one for each
/// person and use. An `Idempotency-Key` has no effect here: an answer with a secret is not kept.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/exports/{export_id}/links", tag = "exports")]
pub(crate) async fn create(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, ExportId)>,
) -> Result<Created<NewExportLink>, Problem> {
    let mut tx = api.pool.begin().await?;
    let export = find(&mut tx, &admin, id).await?;
    make(tx, &admin, &export).await
}

/// Makes a link to a file.
pub(crate) async fn make(mut tx: Tx, admin: &Admin, export: &Export) -> Result<Created<NewExportLink>, Problem> {
    let organization = admin.organization(&mut tx).await?;
    if !export.has_file(tx.clock().await?) {
        return Err(Problem::conflict("there is no file"));
    }
    let secret = secret::token();
    let hash = secret_hash(&secret);
    let link_id = ExportLinkId::new();
    let new = NewLink {
        export_id: export.id,
        member_id: admin.member.id,
        secret_hash: &hash,
        hours: organization.settings.export_link_hours,
    };
    let expires_at = exports::add_link(&mut tx, link_id, &new).await?;
    tx.commit().await?;
    Ok(Created(NewExportLink { id: link_id, path: format!("/v1/downloads/{secret}"), expires_at }))
}
