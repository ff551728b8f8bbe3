//! `POST /v1/organizations/{organization_id}/import-sources`: files that come again, their
//! mappings, and where they can be fetched.

use axum::extract::State;
use muster_domain::ids::ImportSourceId;
use muster_storage::imports::sources;

use crate::{
    admin::import_sources::input::{SourceBody, check, set_schedule, taken},
    auth::OrganizationAdmin,
    document::{Created, Made, Once},
    extract::Json,
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

/// Records a source: a saved mapping for files that come again, and, with a URL, a file that is
/// fetched on demand or on a schedule and imported when it has changed.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/import-sources", tag = "imports")]
pub(crate) async fn create(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    keyed: Keyed,
    Json(body): Json<SourceBody>,
) -> Result<Once<Created<Made>>, Problem> {
    let definition = check(&api, &admin, &body).await?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let id = ImportSourceId::new();
            if !sources::create(tx, id, admin.organization_id, admin.member.id, &definition).await? {
                return Err(taken());
            }
            set_schedule(tx, admin.organization_id, id, body.schedule.as_ref()).await?;
            Ok(Created(Made { id: id.0 }))
        })
        .await
}
