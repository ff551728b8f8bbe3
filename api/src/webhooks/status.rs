//! `POST /v1/webhooks/twilio/status/{message_id}`: a receipt (rule S8).

use axum::extract::State;
use muster_carrier::twilio::StatusUpdate;
use muster_domain::ids::MessageId;
use muster_jobs::kinds::DeliveryReceipt;
use muster_service::trace;
use muster_storage::{
    engine::enqueue::{Origin, enqueue},
    sending::receipts,
};

use crate::{document::NoContent, extract::Path, problem::Problem, state::Api, webhooks::signed::SignedForm};

/// Keeps a receipt; a job applies it with others.
#[utoipa::path(post, path = "/v1/webhooks/twilio/status/{message_id}", tag = "webhooks")]
pub(crate) async fn receive(
    State(api): State<Api>,
    Path(message_id): Path<MessageId>,
    SignedForm(form): SignedForm,
) -> Result<NoContent, Problem> {
    let update = StatusUpdate::read(&form).map_err(|error| Problem::invalid_body(error.to_string()))?;
    // Steps such as `queued` tell us nothing.
    let Some(status) = update.status else { return Ok(NoContent) };
    let mut tx = api.pool.begin().await?;
    receipts::record(&mut tx, message_id, &update.sid, status, update.error_code).await?;
    let job = DeliveryReceipt { shard: receipts::shard(message_id) };
    enqueue(&mut tx, &job, &Origin { organization_id: None, traceparent: trace::current() }).await?;
    tx.commit().await?;
    Ok(NoContent)
}
