//! `POST /v1/operator/dead-letters/{dead_letter_id}/replay`.

use axum::extract::State;
use muster_storage::engine::dead_letters::{self, Replayed};
use uuid::Uuid;

use crate::{
    auth::Operator,
    document::NoContent,
    extract::{Json, Path},
    operator::reason::ActReason,
    problem::Problem,
    state::Api,
};

/// Reads a dead letter again, as a version that knows it can: its jobs that wait in the broker are
/// published anew, and the letter goes. Running jobs, and those that are over, are left.
#[utoipa::path(post, path = "/v1/operator/dead-letters/{dead_letter_id}/replay", tag = "operator")]
pub(crate) async fn replay(
    State(api): State<Api>,
    _operator: Operator,
    Path(id): Path<Uuid>,
    Json(reason): Json<ActReason>,
) -> Result<NoContent, Problem> {
    reason.check()?;
    match dead_letters::replay(&api.pool, id).await? {
        Replayed::Published => Ok(NoContent),
        Replayed::Gone => Err(Problem::no("dead letter")),
        Replayed::Undecodable(why) => Err(Problem::conflict(format!("the message cannot be decoded: {why}"))),
    }
}
