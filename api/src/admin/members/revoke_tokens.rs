//! `DELETE /v1/organizations/{organization_id}/members/{member_id}/tokens` (rule A6).

use axum::extract::State;
use muster_domain::ids::MemberId;
use muster_storage::tenancy::members;
use uuid::Uuid;

use crate::{auth::Admin, document::NoContent, extract::Path, problem::Problem, state::Api};

/// Ends all tokens of a member at once: they are refused from now on, also the one that this is
/// asked with, if it is the member's own.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/members/{member_id}/tokens", tag = "members")]
pub(crate) async fn revoke_all(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, member_id)): Path<(Uuid, MemberId)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    admin.act_for(&mut tx, member_id).await?.ok_or_else(|| Problem::no("member"))?;
    members::revoke_tokens(&mut tx, member_id).await?;
    tx.commit().await?;
    Ok(NoContent)
}
