//! `POST /v1/webhooks/twilio/status/{message_id}`: a receipt (rule S8).

use std::collections::BTreeMap;

use axum::extract::State;
use muster_carrier::twilio::StatusUpdate;
use muster_domain::ids::MessageId;
use muster_jobs::kinds::DeliveryReceipt;
use muster_service::trace;
use muster_storage::{
    Pool, Result,
    engine::enqueue::{Origin, enqueue},
    sending::receipts::{self, Receipt},
};

use crate::{
    document::NoContent,
    extract::Path,
    problem::Problem,
    state::Api,
    webhooks::{gather::Gathered, signed::SignedForm},
};

/// A receipt, and the trace of its request.
#[derive(Debug)]
pub(crate) struct TracedReceipt {
    receipt: Receipt,
    traceparent: Option<String>,
}

impl Gathered for TracedReceipt {
    type Context = Pool;
    type Written = ();

    /// Keeps receipts, and enqueues a job for each of their shards in the trace of its first.
    async fn write(pool: &Pool, webhooks: &[Self]) -> Result<Vec<()>> {
        let mut tx = pool.begin_repeated().await?;
        receipts::record(&mut tx, webhooks.iter().map(|webhook| &webhook.receipt)).await?;
        let mut shards = BTreeMap::new();
        for webhook in webhooks {
            shards.entry(receipts::shard(webhook.receipt.message_id)).or_insert_with(|| webhook.traceparent.clone());
        }
        for (shard, traceparent) in shards {
            enqueue(&mut tx, &DeliveryReceipt { shard }, &Origin { organization_id: None, traceparent }).await?;
        }
        tx.commit().await?;
        Ok(vec![(); webhooks.len()])
    }
}

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
    let receipt = Receipt { message_id, carrier_sid: update.sid, status, error_code: update.error_code };
    api.receipts.write(TracedReceipt { receipt, traceparent: trace::current() }).await?;
    Ok(NoContent)
}
