//! `DELETE /v1/organizations/{organization_id}/tokens/{token_id}`: revoke a bearer token.

use axum::extract::State;
use muster_storage::tenancy::members;
use uuid::Uuid;

use crate::{auth::Admin, document::NoContent, extract::Path, problem::Problem, state::Api};

/// Revokes a token: it is refused from now on.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/tokens/{token_id}", tag = "members")]
pub(crate) async fn revoke(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, token_id)): Path<(Uuid, Uuid)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let owner = members::token_owner(&mut tx, token_id).await?.ok_or_else(|| Problem::no("token"))?;
    admin.act_for(&mut tx, owner).await?.ok_or_else(|| Problem::no("token"))?;
    members::revoke_token(&mut tx, token_id).await?;
    tx.commit().await?;
    Ok(NoContent)
}
