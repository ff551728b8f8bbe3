//! `POST /v1/account/sessions/end` (rule A6).

use axum::extract::State;
use muster_storage::tenancy::sign_in::{credentials::CredentialId, sessions};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{credentials::Signed, document::NoContent, extract::OptionalJson, problem::Problem, state::Api};

#[derive(Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionsToEnd {
    /// The session of this request stays.
    #[serde(default)]
    others_only: bool,
}

/// Ends all sessions of the caller at once, or all others. Tokens stay.
#[utoipa::path(post, path = "/v1/account/sessions/end", tag = "sessions")]
pub(crate) async fn end_all(
    State(api): State<Api>,
    Signed(credential): Signed,
    OptionalJson(body): OptionalJson<SessionsToEnd>,
) -> Result<NoContent, Problem> {
    let own = match credential.id {
        CredentialId::Session(id) => Some(id),
        CredentialId::Token(_) => None,
    };
    let mut tx = api.pool.begin().await?;
    sessions::end_all(&mut tx, credential.member.id, own.filter(|_| body.others_only)).await?;
    tx.commit().await?;
    Ok(NoContent)
}
