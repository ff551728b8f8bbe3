//! `POST /v1/webhooks/twilio/inbound`: a text from a contact (rules I1 and I3).

use axum::extract::State;
use muster_carrier::twilio::InboundText;
use muster_domain::{
    e164::E164,
    ids::{JobId, WebhookId},
    inbound::{Intent, classify},
    phone_hash::PhoneHashKeys,
};
use muster_jobs::payloads::InboundMessage;
use muster_service::trace;
use muster_storage::{
    contacts,
    engine::enqueue::{Line, Origin, enqueue_all},
    sending::Concerned,
    webhooks,
};
use serde_json::Value;

use super::signed::SignedForm;
use crate::{document::NoContent, problem::Problem, state::Api};

/// Records a text once and enqueues the job that handles it. An opt-out is recorded right here, before the carrier has its answer:
/// from then on nothing more is handed over to this contact.
#[utoipa::path(post, path = "/v1/webhooks/twilio/inbound", tag = "webhooks")]
pub(crate) async fn receive(State(api): State<Api>, SignedForm(form): SignedForm) -> Result<NoContent, Problem> {
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
        return Ok(NoContent);
    }
    let mut opted_out = None;
    if let Some(addressee) = &addressee
        && classify(&text.body, &addressee.opt_out_keywords, false) == Intent::OptOut
        && let Some(contact) = webhooks::known_writer(&mut tx, addressee.organization_id, &text.from).await?
    {
        contacts::opt_out(&mut tx, addressee.organization_id, contact, "by text").await?;
        opted_out = Some(contact);
    }
    let organization_id = addressee.map(|addressee| addressee.organization_id);
    // What one person writes is handled in the order in which it came: a START after a STOP must not be undone by it.
    let order_key = order_key(&api.phone_hash_keys, &text.from);
    let job = (JobId::new(), &InboundMessage { webhook_id: id });
    let origin = Origin { organization_id, traceparent: trace::current() };
    enqueue_all(&mut tx, &[job], Line::InOrder(&order_key), &origin).await?;
    tx.commit().await?;
    if let Some(contact) = opted_out {
        api.until_it_holds(Concerned::Contacts(&[contact])).await;
    }
    Ok(NoContent)
}

/// A keyed hash of the writer's number: jobs carry no phones (rule R5).
fn order_key(keys: &PhoneHashKeys, from: &E164) -> String {
    let hashes = keys.of(from);
    hashes.agreed()[..16].iter().fold("inbound:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// Postgres has no U+0000.
fn clean(value: &str) -> Value {
    Value::String(value.replace('\0', "\u{fffd}"))
}
