//! `GET /v1/organizations/{organization_id}/members/{member_id}/sessions` (rule A6).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::{MemberId, SessionId};
use muster_storage::tenancy::sign_in::sessions;
use uuid::Uuid;

use crate::{
    admin::sessions::body::{SessionBody, body},
    auth::Admin,
    credentials::Signed,
    extract::Path,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

/// Lists the sessions in force of a member by age: for those that may end them.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/members/{member_id}/sessions", tag = "sessions")]
pub(crate) async fn list(
    State(api): State<Api>,
    admin: Admin,
    Signed(credential): Signed,
    Path((_organization, member_id)): Path<(Uuid, MemberId)>,
    query: ListQuery,
) -> Result<Answer<Listed<SessionBody>>, Problem> {
    let mut tx = api.pool.begin().await?;
    admin.act_for(&mut tx, member_id).await?.ok_or_else(|| Problem::no("member"))?;
    let page = query.page(SessionId);
    let found = sessions::page(&mut tx, member_id, page).await?;
    Ok(Listed::answer(&page, found, |one| one.id, |one| body(one, credential.id)))
}
