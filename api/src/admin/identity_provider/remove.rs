//! `DELETE /v1/account/identity-provider` (rule A6).

use axum::extract::State;
use muster_storage::tenancy::sign_in::identity;

use crate::{auth::AccountAdmin, document::NoContent, problem::Problem, state::Api};

/// Takes the account's identity provider away: its admins sign in by mail again. Sessions go on.
#[utoipa::path(delete, path = "/v1/account/identity-provider", tag = "sign-in")]
pub(crate) async fn remove(State(api): State<Api>, AccountAdmin(member): AccountAdmin) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    identity::remove(&mut tx, member.account_id).await?;
    tx.commit().await?;
    Ok(NoContent)
}
