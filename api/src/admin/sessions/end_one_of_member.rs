//! `DELETE /v1/organizations/{organization_id}/sessions/{session_id}` (rule A6).

use axum::extract::State;
use muster_domain::ids::SessionId;
use muster_storage::tenancy::sign_in::sessions;
use uuid::Uuid;

use crate::{auth::Admin, document::NoContent, extract::Path, problem::Problem, state::Api};

/// Ends a session of a member within the admin's reach: it is refused from now on.
#[utoipa::path(delete, path = "/v1/organizations/{organization_id}/sessions/{session_id}", tag = "sessions")]
pub(crate) async fn end(
    State(api): State<Api>,
    admin: Admin,
    Path((_organization, id)): Path<(Uuid, SessionId)>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let owner = sessions::owner(&mut tx, id).await?.ok_or_else(|| Problem::no("session"))?;
    admin.act_for(&mut tx, owner).await?.ok_or_else(|| Problem::no("session"))?;
    sessions::end(&mut tx, owner, id).await?;
    tx.commit().await?;
    Ok(NoContent)
}
