//! `inbound-message`: handles a text from a contact (rules I2, I3, I5 and I6).

use std::time::Duration;

use muster_carrier::twilio::InboundText;
use muster_domain::{
    ids::{ContactId, MessageId, ThreadId},
    inbound::{Intent, classify},
    message::MessageKind,
    segments,
};
use muster_jobs::payloads::InboundMessage;
use muster_storage::{
    Tx, contacts,
    engine::claim::ClaimedJob,
    messages::{self, Batch, NewMessage},
    redactions, threads, webhooks,
};

use crate::{Context, error::JobError};

/// How long a text waits before somebody looks again whether its number's redaction is done.
const REDACTION: Duration = Duration::from_secs(1);

pub(crate) async fn run(ctx: &Context, tx: &mut Tx, job: &ClaimedJob, payload: InboundMessage) -> Result<(), JobError> {
    let Some((sid, form)) = webhooks::lock(tx, payload.webhook_id).await? else {
        return Ok(());
    };
    let form: Vec<(String, String)> = form
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    // The api has read this form before it recorded it.
    let text = InboundText::read(&form).map_err(|error| JobError::fail(error.to_string()))?;
    let addressee = webhooks::addressee(tx, &text.to).await?;
    let Some((addressee, group_id)) = addressee.and_then(|found| found.group_id.map(|group| (found, group))) else {
        tracing::warn!(webhook.id = %payload.webhook_id, "a text to a number that no group has; it is dropped");
        webhooks::processed(tx, payload.webhook_id).await?;
        return Ok(());
    };
    let organization = ctx.organization(tx, job).await?;
    // A text that came after somebody asked for the redaction of its number: nobody is made of it before the redaction is done (rule R3).
    if redactions::is_pending(tx, addressee.organization_id, &text.from).await? {
        return Err(JobError::NotYet { delay: REDACTION, why: "the number is being redacted" });
    }
    let hashes = ctx.phone_hash_keys.of(&text.from);
    let writer = webhooks::writer(tx, addressee.organization_id, group_id, &text.from, &hashes).await?;
    let of_thread =
        threads::ensure(tx, organization.id, group_id, &text.to, None, addressee.agent_id, &[writer.contact_id])
            .await?;
    let Some((_, thread_id)) = of_thread.first().copied() else {
        return Err(JobError::fail("the thread could not be made"));
    };
    let batch = Batch {
        organization_id: organization.id,
        group_id,
        goal_id: writer.goal_id,
        agent_id: None,
        kind: MessageKind::Inbound,
    };
    let received = new_message(writer.contact_id, thread_id, text.body.clone());
    messages::receive(tx, batch, &received, &sid).await?;

    let intent = classify(&text.body, &addressee.opt_out_keywords, writer.opted_out);
    let answer = match intent {
        Intent::OptOut => {
            // The api has recorded it with the webhook already; here it is for texts that were recorded without.
            contacts::opt_out(tx, organization.id, writer.contact_id, "by text").await?;
            let confirmed = webhooks::confirmed(tx, writer.contact_id).await?;
            (!confirmed).then_some((MessageKind::OptOutConfirmation, organization.settings.opt_out_text.clone()))
        }
        Intent::OptIn => {
            contacts::opt_in(tx, organization.id, writer.contact_id).await?;
            None
        }
        Intent::Help => Some((MessageKind::Help, organization.settings.help_text.clone())),
        Intent::Conversation => None,
    };
    let hidden = intent == Intent::OptOut || (writer.opted_out && intent != Intent::OptIn);
    threads::replied(tx, thread_id, hidden).await?;
    if let Some((kind, body)) = answer {
        let message = new_message(writer.contact_id, thread_id, body);
        // The engine's own answers belong to no goal: its pause and hours do not hold them.
        let batch = Batch { kind, goal_id: None, ..batch };
        messages::queue(tx, batch, &[message], &ctx.origin(job)).await?;
    }
    webhooks::processed(tx, payload.webhook_id).await?;
    tracing::info!(message.id = %received.id, intent = ?intent, "received");
    Ok(())
}

fn new_message(contact_id: ContactId, thread_id: ThreadId, body: String) -> NewMessage {
    NewMessage { id: MessageId::new(), contact_id, thread_id, segments: segments::count(&body), body }
}
