//! `DELETE /v1/account/sessions/{session_id}` (rule A6).

use axum::extract::State;
use muster_domain::ids::SessionId;
use muster_storage::tenancy::sign_in::sessions;

use crate::{auth::Caller, document::NoContent, extract::Path, problem::Problem, state::Api};

/// Ends a session of the caller's: it is refused from now on, and its event streams end.
#[utoipa::path(delete, path = "/v1/account/sessions/{session_id}", tag = "sessions")]
pub(crate) async fn end(
    State(api): State<Api>,
    Caller(member): Caller,
    Path(id): Path<SessionId>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    if !sessions::end(&mut tx, member.id, id).await? {
        return Err(Problem::no("session"));
    }
    tx.commit().await?;
    Ok(NoContent)
}
