//! `POST /v1/agent/batches/{batch_id}/{skip,return}` (rule B5).

use axum::{Json as Answer, extract::State};
use muster_domain::ids::{BatchId, ContactId};
use muster_storage::{
    Tx,
    goals::batches::{self, Lease, LeaseRefusal},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::Agent,
    bounds,
    document::{NoContent, Once},
    extract::{Json, Path},
    idempotency::Keyed,
    problem::Problem,
    state::Api,
};

/// Returns the lease, if the agent holds it with this token; else why not (rule B3).
pub(crate) async fn lock_lease(tx: &mut Tx, agent: &Agent, id: BatchId, token: i64) -> Result<Lease, Problem> {
    batches::lock_lease(tx, agent.organization_id, id, agent.member.id, token).await?.map_err(|refused| match refused {
        LeaseRefusal::NotYours => Problem::no("batch"),
        LeaseRefusal::StaleToken => {
            Problem::lease_stale("the batch was returned, and perhaps claimed by somebody else")
        }
        LeaseRefusal::Expired => Problem::lease_expired("claim the batch again"),
    })
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Skip {
    /// From the claim.
    lease_token: i64,
    #[schema(value_type = uuid::Uuid)]
    contact_id: ContactId,
    /// Why; no personal data.
    #[schema(value_type = bounds::Reason)]
    reason: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Skipped {
    /// The batch has no contacts left.
    batch_finished: bool,
}

/// Skips a contact for good; the reason is kept.
#[utoipa::path(post, path = "/v1/agent/batches/{batch_id}/skip", tag = "agent")]
pub(crate) async fn skip(
    State(api): State<Api>,
    agent: Agent,
    keyed: Keyed,
    Path(id): Path<BatchId>,
    Json(body): Json<Skip>,
) -> Result<Once<Answer<Skipped>>, Problem> {
    let reason = bounds::Reason::read("reason", &body.reason)?;
    keyed
        .run(&api, agent.member.id, &body, async |tx| {
            let lease = lock_lease(tx, &agent, id, body.lease_token).await?;
            if batches::skip(tx, &lease, &[body.contact_id], reason).await? == 0 {
                return Err(Problem::no("contact that is still to be texted in this batch"));
            }
            let finished = batches::finish_if_done(tx, &lease).await?;
            Ok(Answer(Skipped { batch_finished: finished }))
        })
        .await
}

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
