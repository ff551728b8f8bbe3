//! `PATCH /v1/organizations/{organization_id}/tags/{tag_id}`: name, lock, and whether it is a
//! reason (rules C16 and W8).

use axum::extract::State;
use muster_domain::ids::TagId;
use muster_storage::people::tags::{self, NewTag};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    admin::tags::body::{TagBody, body, name, taken},
    auth::OrganizationAdmin,
    bounds,
    document::Tagged,
    extract::{IfMatch, Json, Path},
    problem::Problem,
    state::Api,
};

/// Absent members stay as they are.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagEdit {
    #[schema(value_type = Option<bounds::Tag>)]
    name: Option<String>,
    /// Files and agents do not give it.
    locked: Option<bool>,
    /// Agents may name it as the reason of an opt-out or a skip.
    reason: Option<bool>,
}

/// Edits a tag. With a new name, contacts keep the tag, goals and sources of imports name it by the
/// new name, and files that go on writing the former name give it as well.
#[utoipa::path(patch, path = "/v1/organizations/{organization_id}/tags/{tag_id}", tag = "tags")]
pub(crate) async fn patch(
    State(api): State<Api>,
    OrganizationAdmin(admin): OrganizationAdmin,
    Path((_organization, id)): Path<(Uuid, TagId)>,
    expected: IfMatch,
    Json(edit): Json<TagEdit>,
) -> Result<Tagged<TagBody>, Problem> {
    let new_name = edit.name.as_deref().map(name).transpose()?;
    let mut tx = api.pool.begin().await?;
    let before = tags::lock(&mut tx, admin.organization_id, id).await?.ok_or_else(|| Problem::no("tag"))?;
    if !expected.allows(before.version) {
        return Err(Problem::edited_meanwhile(format!("the tag is at version {}", before.version)));
    }
    let new = NewTag {
        name: new_name.as_deref().unwrap_or(&before.name),
        locked: edit.locked.unwrap_or(before.locked),
        reason: edit.reason.unwrap_or(before.reason),
    };
    if !tags::update(&mut tx, admin.organization_id, &before, &new).await? {
        return Err(taken());
    }
    let after = tags::get(&mut tx, admin.organization_id, None, id).await?.ok_or_else(|| Problem::no("tag"))?;
    let contacts = tags::count(&mut tx, None, id).await?;
    tx.commit().await?;
    Ok(Tagged { version: after.version, body: body(after, contacts) })
}
