//! `DELETE /v1/organizations/{organization_id}/members/{member_id}/sessions` (rule A6).

use axum::extract::State;
use muster_domain::ids::MemberId;
use muster_storage::tenancy::sign_in::sessions;
use uuid::Uuid;

use crate::{auth::Admin, document::NoContent, extract::Path, problem::Problem, state::Api};

/// Ends all sessions of a member at once: they are refused from now on, and their event streams
/// end. Tokens stay.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/members/{member_id}/sessions", tag = "sessions")]
pub(crate) async fn end_all(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, member_id)): Path<(Uuid, MemberId)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    admin.act_for(&mut tx, member_id).await?.ok_or_else(|| Problem::no("member"))?;
    sessions::end_all(&mut tx, member_id, None).await?;
    tx.commit().await?;
    Ok(NoContent)
}
