//! `GET /v1/organizations/{organization_id}/groups/{group_id}`.

use axum::extract::State;
use muster_domain::ids::GroupId;
use muster_storage::tenancy::groups;
use uuid::Uuid;

use crate::{
    admin::groups::body::{GroupBody, body},
    auth::Admin,
    document::Tagged,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads a group. The answer's `ETag` goes into `If-Match` of an edit.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/groups/{group_id}", tag = "groups")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, GroupId)>,
) -> Result<Tagged<GroupBody>, Problem> {
    admin.group(id)?;
    let counted = groups::counted(&api.pool, admin.organization_id, id).await?;
    let counted = counted.ok_or_else(|| Problem::no("group"))?;
    Ok(Tagged { version: counted.group.version, body: body(counted) })
}
