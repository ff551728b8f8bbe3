//! `GET /v1/account/identity-provider` (rule A6).

use axum::{Json as Answer, extract::State};
use muster_storage::tenancy::sign_in::identity;

use crate::{
    admin::identity_provider::body::{IdentityProviderAnswer, body},
    auth::AccountAdmin,
    problem::Problem,
    sign_in::oidc::redirect_uri,
    state::Api,
};

/// Reads the account's identity provider; its secret is not told.
#[utoipa::path(get, path = "/v1/account/identity-provider", tag = "sign-in")]
pub(crate) async fn get(
    State(api): State<Api>,
    AccountAdmin(member): AccountAdmin,
) -> Result<Answer<IdentityProviderAnswer>, Problem> {
    Ok(Answer(body(identity::get(&api.pool, member.account_id).await?, redirect_uri(&api))))
}
