//! `POST /v1/webhooks/twilio/inbound`: a text from a contact (rules I1 and I3).

use axum::extract::State;
use muster_carrier::twilio::InboundText;
use muster_domain::{
    conversations::{inbound::Intent, word},
    ids::{ContactId, JobId, WebhookId},
    people::{e164::E164, phone_hash::PhoneHashKeys},
};
use muster_jobs::kinds::InboundMessage;
use muster_service::trace;
use muster_storage::{
    Tx,
    conversations::webhooks::{self, Addressee},
    engine::enqueue::{JobOrder, Origin, enqueue_all},
    people::contacts,
    sending::Concerned,
};

use crate::{document::NoContent, problem::Problem, state::Api, webhooks::signed::SignedForm};

/// Records a text once and enqueues the job that handles it. An opt-out is recorded right here,
/// before the carrier has its answer: from then on nothing more is handed over to this contact. No
/// text with the carrier's id is refused for its fields: a text from a sender that cannot be a
/// contact is recorded as well.
#[utoipa::path(post, path = "/v1/webhooks/twilio/inbound", tag = "webhooks")]
pub(crate) async fn receive(State(api): State<Api>, SignedForm(form): SignedForm) -> Result<NoContent, Problem> {
    let text = InboundText::read(&form).map_err(|error| Problem::invalid_body(error.to_string()))?;
    let payload = serde_json::to_value(&text).map_err(|error| Problem::from(muster_storage::Error::from(error)))?;
    let id = WebhookId::new();
    let mut tx = api.pool.begin().await?;
    let Some(received) = webhooks::record(&mut tx, id, "twilio", &text.sid, &payload).await? else {
        return Ok(NoContent);
    };
    let (sender, recipient) = (text.sender(), text.recipient());
    let addressee = match recipient.number() {
        Some(to) => webhooks::addressee(&mut tx, to).await?,
        None => None,
    };
    let mut opted_out = None;
    if let Some((addressee, from)) = addressee.as_ref().zip(sender.number()) {
        opted_out = opt_out(&mut tx, addressee, from, &text, received).await?;
    }
    let organization_id = addressee.map(|addressee| addressee.organization_id);
    // Texts of one person are handled in the order in which they came.
    let order_key = sender.number().map(|from| order_key(&api.phone_hash_keys, from));
    let line = order_key.as_deref().map_or(JobOrder::Ordinary, JobOrder::InOrder);
    let job = (JobId::new(), &InboundMessage { webhook_id: id });
    let origin = Origin { organization_id, traceparent: trace::current() };
    enqueue_all(&mut tx, &[job], line, &origin).await?;
    tx.commit().await?;
    if let Some(contact) = opted_out {
        api.until_it_holds(Concerned::Contacts(&[contact])).await;
    }
    Ok(NoContent)
}

/// Records an opt-out of a known contact, and returns the contact. Another writer's opt-out waits
/// for the job, which makes the contact.
async fn opt_out(
    tx: &mut Tx,
    addressee: &Addressee,
    from: &E164,
    text: &InboundText,
    received: i64,
) -> Result<Option<ContactId>, Problem> {
    let Some(writer) = webhooks::known_writer(tx, addressee.organization_id, from).await? else { return Ok(None) };
    let own = addressee.own_words();
    if word::intent(&text.body, text.carrier_word, own, writer.standing, received) == Intent::OptOut {
        contacts::opt_out_by(tx, addressee.organization_id, writer.contact_id, "by text", Some(received)).await?;
        return Ok(Some(writer.contact_id));
    }
    Ok(None)
}

/// Returns a keyed hash of the writer's number: jobs carry no phones (rule R5).
fn order_key(keys: &PhoneHashKeys, from: &E164) -> String {
    let hashes = keys.of(from);
    hashes.agreed()[..16].iter().fold("inbound:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}
