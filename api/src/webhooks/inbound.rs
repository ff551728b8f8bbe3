//! `POST /v1/webhooks/twilio/inbound`: a text from a contact (rules I1 and I3).

use axum::extract::State;
use muster_carrier::twilio::InboundText;
use muster_domain::{
    conversations::{
        inbound::Intent,
        word::{self, OwnWords, Standing},
    },
    ids::{ContactId, JobId, WebhookId},
    people::{e164::E164, phone_hash::PhoneHashKeys},
};
use muster_jobs::kinds::InboundMessage;
use muster_service::trace;
use muster_storage::{
    Pool, Result, Tx,
    conversations::webhooks::{self, Addressee, NewWebhook},
    engine::enqueue::{JobInTurn, JobOrder, Origin, enqueue_all, enqueue_in_turn, take_key, take_keys},
    people::{account_words, contacts},
    sending::Concerned,
};
use serde_json::Value;

use crate::{
    document::NoContent,
    problem::Problem,
    state::Api,
    webhooks::{
        gather::{Attempts, Gathered},
        signed::SignedForm,
    },
};

/// The carrier's name in the table of texts.
const PROVIDER: &str = "twilio";

/// Records a text once and enqueues the job that handles it. An opt-out is recorded right here,
/// before the carrier has its answer: from then on nothing more is handed over to this contact. No
/// text with the carrier's id is refused for its fields: a text from a sender that cannot be a
/// contact is recorded as well.
#[utoipa::path(post, path = "/v1/webhooks/twilio/inbound", tag = "webhooks")]
pub(crate) async fn receive(State(api): State<Api>, SignedForm(form): SignedForm) -> Result<NoContent, Problem> {
    let text = InboundText::read(&form).map_err(|error| Problem::invalid_body(error.to_string()))?;
    let payload = serde_json::to_value(&text).map_err(|error| Problem::from(muster_storage::Error::from(error)))?;
    let (sender, recipient) = (text.sender(), text.recipient());
    let told = Told { id: WebhookId::new(), payload, traceparent: trace::current() };
    if let (Some(from), Some(to)) = (sender.number(), recipient.number())
        && !opts_out(&text, OwnWords::default())
    {
        let ordinary = OrdinaryText {
            told: told.clone(),
            to: to.clone(),
            order_key: order_key(&api.phone_hash_keys, from),
            text: text.clone(),
        };
        match api.texts.write(ordinary).await? {
            Recorded::Done => return Ok(NoContent),
            Recorded::ForItself => {}
        }
    }
    let mut attempts = Attempts::default();
    let opted_out = loop {
        let opted_out = alone(&api, &text, &told).await;
        if !attempts.another(&opted_out) {
            break opted_out?;
        }
    };
    if !opted_out.is_empty() {
        api.until_it_holds(Concerned::Contacts(&opted_out)).await;
    }
    Ok(NoContent)
}

/// A text's record.
#[derive(Debug, Clone)]
struct Told {
    id: WebhookId,
    payload: Value,
    traceparent: Option<String>,
}

/// Returns whether a text opts out, by the carrier's word, the usual words or these. The contact's
/// earlier words do not matter for it.
fn opts_out(text: &InboundText, own: OwnWords<'_>) -> bool {
    word::intent(&text.body, text.carrier_word, own, Standing::default(), i64::MAX) == Intent::OptOut
}

/// A text from a number to a number that opts out by no usual word. Such texts are recorded
/// together with others.
#[derive(Debug)]
pub(crate) struct OrdinaryText {
    told: Told,
    text: InboundText,
    to: E164,
    order_key: String,
}

/// The outcome for an ordinary text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// It is recorded, now or before.
    Done,
    /// Nothing was written: it opts out by a word of its organization's own, or another transaction
    /// has a text of the same person in its hands.
    ForItself,
}

impl Gathered for OrdinaryText {
    type Context = Pool;
    type Written = Recorded;

    async fn write(pool: &Pool, webhooks: &[Self]) -> Result<Vec<Recorded>> {
        let mut tx = pool.begin_repeated().await?;
        let numbers: Vec<_> = webhooks.iter().map(|webhook| &webhook.to).collect();
        let addressees = webhooks::addressees(&mut tx, &numbers).await?;
        // Of the texts too: the same one, come again, may be in the hands of a transaction that
        // waits for its person's key.
        let texts: Vec<_> = webhooks.iter().map(|webhook| text_key(&webhook.text)).collect();
        let keys: Vec<_> =
            webhooks.iter().map(|webhook| &webhook.order_key).chain(&texts).map(String::as_str).collect();
        let taken = take_keys(&mut tx, &keys).await?;
        let outcomes: Vec<_> = webhooks
            .iter()
            .zip(&texts)
            .map(|(webhook, text)| match addressees.get(&webhook.to) {
                _ if !taken.contains(&webhook.order_key) || !taken.contains(text) => Recorded::ForItself,
                Some(addressee) if opts_out(&webhook.text, addressee.own_words()) => Recorded::ForItself,
                _ => Recorded::Done,
            })
            .collect();
        let ordinary = || webhooks.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Recorded::Done);
        let new: Vec<_> = ordinary()
            .map(|(webhook, _)| NewWebhook {
                id: webhook.told.id,
                carrier_sid: &webhook.text.sid,
                payload: &webhook.told.payload,
            })
            .collect();
        let fresh = webhooks::record_all(&mut tx, PROVIDER, &new).await?;
        let jobs: Vec<_> = ordinary()
            .filter(|(webhook, _)| fresh.contains(&webhook.told.id))
            .map(|(webhook, _)| {
                let organization_id = addressees.get(&webhook.to).map(|addressee| addressee.organization_id);
                let origin = Origin { organization_id, traceparent: webhook.told.traceparent.clone() };
                (webhook, InboundMessage { webhook_id: webhook.told.id }, origin)
            })
            .collect();
        let in_turn: Vec<_> = jobs
            .iter()
            .map(|(webhook, payload, origin)| JobInTurn {
                id: JobId::new(),
                payload,
                order_key: &webhook.order_key,
                origin,
            })
            .collect();
        enqueue_in_turn(&mut tx, &in_turn).await?;
        tx.commit().await?;
        Ok(outcomes)
    }
}

/// Records one text in a transaction of its own, and the opt-out that it says. Returns the contacts
/// that are not to be texted any more.
async fn alone(api: &Api, text: &InboundText, told: &Told) -> Result<Vec<ContactId>> {
    let mut tx = api.pool.begin_repeated().await?;
    take_key(&mut tx, &text_key(text)).await?;
    let Some(received) = webhooks::record(&mut tx, told.id, PROVIDER, &text.sid, &told.payload).await? else {
        return Ok(Vec::new());
    };
    let (sender, recipient) = (text.sender(), text.recipient());
    let addressee = match recipient.number() {
        Some(to) => webhooks::addressee(&mut tx, to).await?,
        None => None,
    };
    let mut opted_out = Vec::new();
    if let Some((addressee, from)) = addressee.as_ref().zip(sender.number()) {
        opted_out = opt_out(&mut tx, addressee, from, text, received).await?;
    }
    let organization_id = addressee.map(|addressee| addressee.organization_id);
    // Texts of one person are handled in the order in which they came.
    let order_key = sender.number().map(|from| order_key(&api.phone_hash_keys, from));
    let line = order_key.as_deref().map_or(JobOrder::Ordinary, JobOrder::InOrder);
    let job = (JobId::new(), &InboundMessage { webhook_id: told.id });
    let origin = Origin { organization_id, traceparent: told.traceparent.clone() };
    enqueue_all(&mut tx, &[job], line, &origin).await?;
    tx.commit().await?;
    Ok(opted_out)
}

/// Records an opt-out of a known contact, or of a number that another organization of the account
/// knows and whose opt-outs it hears. Returns the contacts that are not to be texted any more.
/// Another writer's opt-out waits for the job, which makes the contact.
async fn opt_out(
    tx: &mut Tx,
    addressee: &Addressee,
    from: &E164,
    text: &InboundText,
    received: i64,
) -> Result<Vec<ContactId>> {
    let organization = addressee.organization_id;
    let opts_out = |standing| {
        word::intent(&text.body, text.carrier_word, addressee.own_words(), standing, received) == Intent::OptOut
    };
    if let Some(writer) = webhooks::known_writer(tx, organization, from).await? {
        if !opts_out(writer.standing) {
            return Ok(Vec::new());
        }
        contacts::opt_out_by(tx, organization, writer.contact_id, "by text", Some(received)).await?;
        return account_words::hearing(tx, organization, writer.contact_id).await;
    }
    if !opts_out(Standing::default()) {
        return Ok(Vec::new());
    }
    account_words::opt_out_elsewhere(tx, organization, from, received).await
}

/// Returns a keyed hash of the writer's number: jobs carry no phones (rule R5).
fn order_key(keys: &PhoneHashKeys, from: &E164) -> String {
    let hashes = keys.of(from);
    hashes.agreed()[..16].iter().fold("inbound:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// Returns the key by which one transaction at a time has a text in its hands.
fn text_key(text: &InboundText) -> String {
    format!("text:{PROVIDER}:{}", text.sid)
}
