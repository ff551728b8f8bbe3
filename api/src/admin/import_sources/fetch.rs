//! `POST /v1/organizations/{organization_id}/import-sources/{source_id}/fetch`: fetch a source's
//! file now.

use axum::extract::State;
use muster_domain::ids::ImportSourceId;
use muster_jobs::kinds::ImportFetch;
use muster_storage::engine::enqueue::enqueue;
use uuid::Uuid;

use crate::{
    admin::import_sources::body::find,
    auth::OrganizationAdmin,
    document::{Accepted, Made, Once},
    extract::Path,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

/// Fetches a source's file and imports it if it has changed; see `last_import_id` and `failure` of
/// the source.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/import-sources/{source_id}/fetch", tag = "imports")]
pub(crate) async fn fetch(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    keyed: Keyed,
    Path((_organization, id)): Path<(Uuid, ImportSourceId)>,
) -> Result<Once<Accepted<Made>>, Problem> {
    let source = find(&api, &admin, id).await?;
    if source.definition.url.is_none() {
        return Err(Problem::conflict("the source has no url; upload its file"));
    }
    keyed
        .run(&api, admin.member.id, &id, async |tx| {
            enqueue(tx, &ImportFetch { source_id: id }, &admin.origin()).await?;
            Ok(Accepted(Made { id: id.0 }))
        })
        .await
}
