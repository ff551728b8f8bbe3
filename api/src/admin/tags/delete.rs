//! `DELETE /v1/organizations/{organization_id}/tags/{tag_id}`: where nothing refers to it.

use axum::extract::State;
use muster_domain::ids::TagId;
use muster_storage::people::tags::{self, Deleted};
use uuid::Uuid;

use crate::{auth::OrganizationAdmin, document::NoContent, extract::Path, problem::Problem, state::Api};

/// Deletes a tag that no contact has, and that no goal, source and form names.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/tags/{tag_id}", tag = "tags")]
pub(crate) async fn delete(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, TagId)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let tag = tags::lock(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("tag"))?;
    deleted(tags::delete(&mut tx, admin.organization_id, &tag).await?)?;
    tx.commit().await?;
    Ok(NoContent)
}

/// Returns the answer where something refers to a tag or a field.
pub(crate) fn deleted(outcome: Deleted) -> Result<(), Problem> {
    Err(Problem::conflict(match outcome {
        Deleted::Done => return Ok(()),
        Deleted::OfContacts => "contacts have it: merge it into another",
        Deleted::Named => "goals, sources of imports or forms name it",
        Deleted::Imports => "imports are under way, which may give it; try again when they are over",
        Deleted::Merging => "contacts are being moved from it or to it",
    }))
}
