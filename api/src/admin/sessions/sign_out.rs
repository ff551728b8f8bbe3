//! `POST /v1/sign-out` (rule A6).

use axum::extract::State;
use muster_storage::tenancy::sign_in::{credentials::CredentialId, sessions};

use crate::{
    credentials::Signed,
    document::{NoContent, WithCookie},
    problem::Problem,
    state::Api,
};

/// Ends the session of the request, and takes its cookie back. A token is ended as such.
#[utoipa::path(post, path = "/v1/sign-out", tag = "sessions")]
pub(crate) async fn sign_out(
    State(api): State<Api>,
    Signed(credential): Signed,
) -> Result<WithCookie<NoContent>, Problem> {
    let CredentialId::Session(id) = credential.id else {
        return Err(Problem::conflict("the request is made with a token, which is ended as such"));
    };
    let mut tx = api.pool.begin().await?;
    sessions::end(&mut tx, credential.member.id, id).await?;
    tx.commit().await?;
    Ok(WithCookie::taken_back(NoContent))
}
