//! `POST /v1/webhooks/twilio/inbound`: a text from a contact (rules I1 and I3).

use axum::{extract::State, http::StatusCode};
use muster_carrier::twilio::InboundText;
use muster_domain::{
    ids::WebhookId,
    inbound::{Intent, classify},
};
use muster_jobs::payloads::InboundMessage;
use muster_service::trace;
use muster_storage::{
    contacts,
    engine::enqueue::{Origin, enqueue},
    webhooks,
};
use serde_json::Value;

use super::signed::SignedForm;
use crate::{problem::Problem, state::Api};

/// Records a text once and enqueues the job that handles it. An opt-out is recorded right here, before the carrier has its answer:
/// from then on nothing more is handed over to this contact.
#[utoipa::path(post, path = "/v1/webhooks/twilio/inbound", tag = "webhooks", request_body(content = String, content_type = "application/x-www-form-urlencoded"), responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn receive(State(api): State<Api>, SignedForm(form): SignedForm) -> Result<StatusCode, Problem> {
    let text = InboundText::read(&form).map_err(|error| Problem::invalid_body(error.to_string()))?;
    let wanted = ["MessageSid", "From", "To", "Body"];
    let payload: serde_json::Map<String, Value> = form
        .into_iter()
        .filter(|(key, _)| wanted.contains(&key.as_str()))
        .map(|(key, value)| (key, clean(&value)))
        .collect();
    let id = WebhookId::new();
    let mut tx = api.pool.begin().await?;
    let addressee = webhooks::addressee(&mut tx, &text.to).await?;
    if !webhooks::record(&mut tx, id, "twilio", &text.sid, &Value::Object(payload)).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    if let Some(addressee) = &addressee
        && classify(&text.body, &addressee.opt_out_keywords, false) == Intent::OptOut
        && let Some(contact) = webhooks::known_writer(&mut tx, addressee.organization_id, &text.from).await?
    {
        contacts::opt_out(&mut tx, addressee.organization_id, contact, "by text").await?;
    }
    let organization_id = addressee.map(|addressee| addressee.organization_id);
    enqueue(&mut tx, &InboundMessage { webhook_id: id }, &Origin { organization_id, traceparent: trace::current() })
        .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Postgres has no U+0000.
fn clean(value: &str) -> Value {
    Value::String(value.replace('\0', "\u{fffd}"))
}
