//! `POST /v1/agent/batches/{batch_id}/return` (rule B5).

use axum::extract::State;
use muster_domain::ids::BatchId;
use muster_storage::goals::batches;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    agent::lease::lock_lease,
    auth::Agent,
    document::NoContent,
    extract::{Json, Path},
    problem::Problem,
    state::Api,
};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Return {
    /// From the claim.
    lease_token: i64,
}

/// Hands a batch back early; the rest of it can be claimed again.
#[utoipa::path(post, path = "/v1/agent/batches/{batch_id}/return", tag = "agent")]
pub(crate) async fn give_back(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<BatchId>,
    Json(body): Json<Return>,
) -> Result<NoContent, Problem> {
    let mut tx = api.pool.begin().await?;
    let lease = lock_lease(&mut tx, &agent, id, body.lease_token).await?;
    batches::hand_back(&mut tx, &lease).await?;
    tx.commit().await?;
    Ok(NoContent)
}
