//! `POST /v1/organizations/{organization_id}/fields/{field_id}/merge` (rule C16).

use axum::extract::State;
use muster_domain::ids::FieldId;
use muster_storage::people::merges;
use uuid::Uuid;

use crate::{
    admin::merges::{MergeInto, started},
    auth::OrganizationAdmin,
    document::{Accepted, Made, Once},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

/// Merges a custom field into another. A job gives its contacts their value there; a contact with a
/// value in both keeps the other's. Groups' knowledge, goals, scripts and sources of imports
/// follow, and columns of files with its name fill the other. Follow it at `…/merges/{merge_id}`.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/fields/{field_id}/merge", tag = "tags")]
pub(crate) async fn merge(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, FieldId)>,
    keyed: Keyed,
    Json(body): Json<MergeInto>,
) -> Result<Once<Accepted<Made>>, Problem> {
    body.check(id.0)?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            let (organization, into) = (admin.organization_id, FieldId(body.into));
            started(merges::start_fields(tx, organization, id, into, false, &admin.origin()).await?, "field")
        })
        .await
}
