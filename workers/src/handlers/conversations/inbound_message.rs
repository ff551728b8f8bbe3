//! `inbound-message`: handles a text from a contact (rules I2, I3, I3a, I5 and I6).

use std::time::Duration;

use muster_carrier::twilio::{InboundText, Party};
use muster_domain::{
    conversations::{
        automation,
        inbound::Intent,
        outcome::InboundOutcome,
        word::{self, Shown, Word},
    },
    ids::{ContactId, GroupId, JobId, MessageId, ThreadId},
    people::e164::E164,
    sending::{message::MessageKind, segments},
};
use muster_jobs::kinds::InboundMessage;
use muster_storage::{
    Tx,
    conversations::{
        threads::{self, Reply, WrittenTo},
        webhooks::{self, Addressee, Recorded},
    },
    engine::claim::ClaimedJob,
    people::{contacts, redactions},
    sending::messages::{self, Batch, NewMessage, Received},
};

use super::{
    automate::{self, Taken},
    ordinary_texts,
};
use crate::{Context, InTransaction, error::JobError};

/// How long a text waits before somebody looks again whether its number's redaction is done.
const REDACTION: Duration = Duration::from_secs(1);

impl InTransaction for InboundMessage {
    // The words of a number are locked before its contacts (`account_words`).
    const BY_SETS: bool = true;

    async fn run(self, ctx: &Context, tx: &mut Tx, job: &ClaimedJob) -> Result<(), JobError> {
        let Some(recorded) = webhooks::lock(tx, self.webhook_id).await? else {
            return Ok(());
        };
        // The form, as the api has read it.
        let text: InboundText =
            serde_json::from_value(recorded.payload.clone()).map_err(|error| JobError::fail(error.to_string()))?;
        let outcome = match (text.sender(), text.recipient()) {
            (Party::ShortCode, _) => InboundOutcome::FromShortCode,
            (Party::Name, _) => InboundOutcome::FromName,
            (Party::Foreign, _) => InboundOutcome::FromForeignNumber,
            (Party::Missing, _) => InboundOutcome::FromNobody,
            (Party::Number(from), Party::Number(to)) => {
                // A number that is another organization's by now: the text was not for them.
                let addressee = webhooks::addressee(tx, &to)
                    .await?
                    .filter(|found| Some(found.organization_id) == job.organization_id);
                match addressee.and_then(|found| found.group_id.map(|group| (found, group))) {
                    Some((addressee, group_id)) => {
                        let to_group = ToGroup { addressee, group_id, number: to };
                        converse(ctx, tx, job, &recorded, &text, &from, &to_group).await?;
                        InboundOutcome::Conversation
                    }
                    None => InboundOutcome::NumberOfNobody,
                }
            }
            (Party::Number(_), _) => InboundOutcome::NumberOfNobody,
        };
        if outcome != InboundOutcome::Conversation {
            tracing::warn!(webhook.id = %self.webhook_id, outcome = outcome.as_str(), "a text is in no conversation");
        }
        webhooks::processed(tx, &[self.webhook_id], outcome).await?;
        Ok(())
    }

    async fn run_by_sets(ctx: &Context, tx: &mut Tx, jobs: Vec<(&ClaimedJob, Self)>) -> Result<Vec<JobId>, JobError> {
        ordinary_texts::converse(ctx, tx, jobs).await
    }
}

/// One of our numbers, which a group has.
struct ToGroup {
    addressee: Addressee,
    group_id: GroupId,
    number: E164,
}

/// Takes a text into its conversation and follows its word.
async fn converse(
    ctx: &Context,
    tx: &mut Tx,
    job: &ClaimedJob,
    recorded: &Recorded,
    text: &InboundText,
    from: &E164,
    to: &ToGroup,
) -> Result<(), JobError> {
    let Recorded { receive_order, received_at, .. } = *recorded;
    let organization = ctx.organization(tx, job).await?;
    // A text that came after somebody asked for the redaction of its number: nobody is made of it
    // before the redaction is done (rule R3).
    if redactions::is_pending(tx, organization.id, from).await? {
        return Err(JobError::NotYet { delay: REDACTION, why: "the number is being redacted" });
    }
    let hashes = ctx.phone_hash_keys.of(from);
    let writer = webhooks::writer(tx, organization.id, to.group_id, from, &hashes, received_at).await?;
    let agent = to.addressee.agent_id;
    let thread = threads::written_to(tx, organization.id, to.group_id, &to.number, agent, writer.contact_id).await?;
    let Some(WrittenTo { thread_id, goal_id }) = thread else {
        return Err(JobError::fail("the thread could not be made"));
    };
    let batch = Batch {
        organization_id: organization.id,
        group_id: to.group_id,
        goal_id,
        agent_id: None,
        kind: MessageKind::Inbound,
    };
    let received = received(recorded, text, batch, new_message(writer.contact_id, thread_id, text.body.clone()));
    let message_id = received.text.id;
    messages::receive(tx, &[received]).await?;

    let own = to.addressee.own_words();
    let intent = word::intent(&text.body, text.carrier_word, own, writer.standing, receive_order);
    let handling = word::handle(intent, writer.standing, receive_order);
    match handling.word {
        Word::Out => {
            contacts::opt_out_by(tx, organization.id, writer.contact_id, "by text", Some(receive_order)).await?;
        }
        Word::In => {
            contacts::opt_in_by(tx, organization.id, writer.contact_id, Some(receive_order)).await?;
        }
        Word::None => {}
    }
    let automated = automate::run(
        tx,
        &Taken {
            organization: &organization,
            contact_id: writer.contact_id,
            message_id,
            receive_order,
            text: automation::InboundText { body: &text.body, intent, group: to.group_id, goal: goal_id },
        },
    )
    .await?;
    let shown = if automated.opted_out { Shown::Hidden } else { handling.shown };
    threads::replied(tx, &[Reply { thread_id, shown, received_at }]).await?;
    let confirm = handling.confirm || automated.opted_out;
    let answer = if confirm && !webhooks::confirmed(tx, organization.id, writer.contact_id).await? {
        Some((MessageKind::OptOutConfirmation, organization.settings.opt_out_text.clone()))
    } else if intent == Intent::Help {
        Some((MessageKind::Help, organization.settings.help_text.clone()))
    } else {
        automated.answer.map(|text| (MessageKind::Reply, text))
    };
    if let Some((kind, body)) = answer {
        let message = new_message(writer.contact_id, thread_id, body);
        // The engine's own answers belong to no goal: its pause and hours do not hold them.
        let batch = Batch { kind, goal_id: None, ..batch };
        messages::queue(tx, batch, &[message], &ctx.origin(job)).await?;
    }
    tracing::info!(message.id = %message_id, intent = ?intent, word = ?handling.word, "received");
    Ok(())
}

/// Returns a contact's text as it is kept in its conversation.
pub(super) fn received(recorded: &Recorded, text: &InboundText, batch: Batch, message: NewMessage) -> Received {
    Received {
        organization_id: batch.organization_id,
        group_id: batch.group_id,
        goal_id: batch.goal_id,
        text: message,
        carrier_sid: recorded.carrier_sid.clone(),
        media: (!text.media.is_empty()).then(|| serde_json::to_value(&text.media).unwrap_or_default()),
        channel: text.channel.clone(),
    }
}

pub(super) fn new_message(contact_id: ContactId, thread_id: ThreadId, body: String) -> NewMessage {
    NewMessage { id: MessageId::new(), contact_id, thread_id, segments: segments::count(&body), body }
}
