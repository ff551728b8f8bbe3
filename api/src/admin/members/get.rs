//! `GET /v1/organizations/{organization_id}/members/{member_id}`.

use axum::extract::State;
use muster_domain::ids::MemberId;
use muster_storage::{
    Page,
    tenancy::members::{self, MemberFilter},
};
use uuid::Uuid;

use crate::{
    admin::members::list::{MemberBody, body},
    auth::Admin,
    document::Tagged,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads a member. The answer's `ETag` goes into `If-Match` of an edit.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/members/{member_id}", tag = "members")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, MemberId)>,
) -> Result<Tagged<MemberBody>, Problem> {
    let filter = MemberFilter { only: Some(id), ..admin.members() };
    let found = members::page(&api.pool, filter, Page::first(1)).await?.pop().ok_or_else(|| Problem::no("member"))?;
    Ok(Tagged { version: found.version, body: body(&admin, found) })
}
