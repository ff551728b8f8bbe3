//! `POST /v1/agent/batches/{batch_id}/{skip,return}` (rule B5).

use axum::{extract::State, http::StatusCode, response::Response};
use muster_domain::ids::{BatchId, ContactId};
use muster_storage::{
    Tx,
    batches::{self, Lease, Refused},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    auth::Agent,
    extract::{Json, Path, text},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

/// The lease, if the agent holds it with this token; else why not (rule B3).
pub(crate) async fn hold(tx: &mut Tx, agent: &Agent, id: BatchId, token: i64) -> Result<Lease, Problem> {
    batches::hold(tx, agent.organization_id, id, agent.member.id, token).await?.map_err(|refused| match refused {
        Refused::NotYours => Problem::no("batch"),
        Refused::StaleToken => Problem::lease_stale("the batch was returned, and perhaps claimed by somebody else"),
        Refused::Expired => Problem::lease_expired("claim the batch again"),
    })
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Skip {
    /// From the claim.
    lease_token: i64,
    #[schema(value_type = uuid::Uuid)]
    contact_id: ContactId,
    /// At most 200 characters; no personal data.
    reason: String,
}

/// Skips a contact for good; the reason is kept.
#[utoipa::path(post, path = "/v1/agent/batches/{batch_id}/skip", tag = "agent", params(("batch_id" = uuid::Uuid, Path)), request_body = Skip, responses((status = 200), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn skip(
    State(api): State<Api>,
    agent: Agent,
    keyed: Keyed,
    Path(id): Path<BatchId>,
    Json(body): Json<Skip>,
) -> Result<Response, Problem> {
    let reason = text("reason", &body.reason, 200)?;
    keyed
        .run(&api, agent.member.id, &body, async |tx| {
            let lease = hold(tx, &agent, id, body.lease_token).await?;
            if batches::skip(tx, &lease, &[body.contact_id], reason).await? == 0 {
                return Err(Problem::no("contact that is still to be texted in this batch"));
            }
            let finished = batches::finish_if_done(tx, &lease).await?;
            Ok((StatusCode::OK, json!({ "batch_finished": finished })))
        })
        .await
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Return {
    /// From the claim.
    lease_token: i64,
}

/// Hands a batch back early; what is left can be claimed again.
#[utoipa::path(post, path = "/v1/agent/batches/{batch_id}/return", tag = "agent", params(("batch_id" = uuid::Uuid, Path)), request_body = Return, responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn give_back(
    State(api): State<Api>,
    agent: Agent,
    Path(id): Path<BatchId>,
    Json(body): Json<Return>,
) -> Result<StatusCode, Problem> {
    let mut tx = api.pool.begin().await?;
    let lease = hold(&mut tx, &agent, id, body.lease_token).await?;
    batches::hand_back(&mut tx, &lease).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
