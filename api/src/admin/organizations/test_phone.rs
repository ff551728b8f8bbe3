//! `GET /v1/organizations/{organization_id}/test-phone`: the words by which a phone becomes the
//! admin's own, to test texts on.

use axum::Json as Answer;
use muster_domain::sending::own_phone::proof;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Admin, problem::Problem};

#[derive(Serialize, ToSchema)]
pub(crate) struct TestPhone {
    /// Text these words from your phone to a number of a group: texts of the group's goals may then
    /// be tested on it.
    text: String,
}

/// Tells the words by which a phone proves that it is the admin's own.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}/test-phone", tag = "goals")]
pub(crate) async fn get(admin: Admin) -> Result<Answer<TestPhone>, Problem> {
    Ok(Answer(TestPhone { text: proof(admin.member.id) }))
}
