//! `GET /v1/organizations/{organization_id}/members/{member_id}/invite` (rule A6).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::MemberId;
use muster_storage::{Page, tenancy::sign_in::invites};
use uuid::Uuid;

use crate::{
    admin::invites::body::{InviteBody, body, filter},
    auth::Admin,
    extract::Path,
    problem::Problem,
    state::Api,
};

/// Reads the invite of a member within the admin's reach.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/members/{member_id}/invite", tag = "members")]
pub(crate) async fn get(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, MemberId)>,
) -> Result<Answer<InviteBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    admin.act_for(&mut tx, id).await?.ok_or_else(|| Problem::no("member"))?;
    let found = invites::page(&mut tx, &filter(&admin, Some(id)), Page::first(1)).await?.pop();
    found.map(|invite| Answer(body(&invite))).ok_or_else(|| Problem::no("invite"))
}
