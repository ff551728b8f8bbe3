//! `POST /v1/organizations/{organization_id}/tags/{tag_id}/merge` (rule C16).

use axum::extract::State;
use muster_domain::ids::TagId;
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

/// Merges a tag into another. A job gives its contacts the other; groups' knowledge, goals and
/// sources of imports follow, and files that go on writing its name give the other. Follow it at
/// `…/merges/{merge_id}`.
#[utoipa::path(post, path = "/v1/organizations/{organization_id}/tags/{tag_id}/merge", tag = "tags")]
pub(crate) async fn merge(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, TagId)>,
    keyed: Keyed,
    Json(body): Json<MergeInto>,
) -> Result<Once<Accepted<Made>>, Problem> {
    body.check(id.0)?;
    keyed
        .run(&api, admin.member.id, &body, async |tx| {
            started(merges::start_tags(tx, admin.organization_id, id, TagId(body.into), &admin.origin()).await?, "tag")
        })
        .await
}
