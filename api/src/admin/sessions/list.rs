//! `GET /v1/account/sessions`: one's own sessions (rule A6).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::SessionId;
use muster_storage::tenancy::sign_in::sessions;

use crate::{
    admin::sessions::body::{SessionBody, body},
    credentials::Signed,
    list::{ListQuery, Listed},
    problem::Problem,
    state::Api,
};

/// Lists the caller's sessions in force by age.
#[utoipa::path(get, path = "/v1/account/sessions", tag = "sessions")]
pub(crate) async fn list(
    State(api): State<Api>,
    Signed(credential): Signed,
    query: ListQuery,
) -> Result<Answer<Listed<SessionBody>>, Problem> {
    let mut tx = api.pool.begin().await?;
    let page = query.page(SessionId);
    let found = sessions::page(&mut tx, credential.member.id, page).await?;
    Ok(Listed::answer(&page, found, |one| one.id, |one| body(one, credential.id)))
}
