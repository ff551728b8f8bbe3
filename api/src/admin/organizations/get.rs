//! `GET /v1/organizations/{organization_id}`: an organization and its settings.

use axum::{Json as Answer, extract::State};

use crate::{
    admin::organizations::body::{OrganizationBody, body},
    auth::Admin,
    problem::Problem,
    state::Api,
};

/// Reads the organization and its settings.
#[utoipa::path(get, path = "/v1/organizations/{organization_id}", tag = "organizations")]
pub(crate) async fn get(State(api): State<Api>, admin: Admin) -> Result<Answer<OrganizationBody>, Problem> {
    let mut tx = api.pool.begin().await?;
    Ok(Answer(body(admin.organization(&mut tx).await?)))
}
