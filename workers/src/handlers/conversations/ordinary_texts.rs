//! Texts that change nothing but a conversation that stands, written by sets: most of them.
//!
//! The texts of new contacts, of redacted numbers and of groups with automations, and all words,
//! are handled one by one by `inbound_message`. Both give the same rows.

use std::collections::HashSet;

use muster_carrier::twilio::{InboundText, Party};
use muster_domain::{
    conversations::{
        inbound::Intent,
        outcome::InboundOutcome,
        word::{self, Shown, Word},
    },
    ids::{GroupId, JobId, WebhookId},
    people::e164::E164,
    sending::message::MessageKind,
};
use muster_jobs::kinds::InboundMessage;
use muster_storage::{
    Tx,
    conversations::{
        threads::{self, Reply},
        webhooks::{self, Addressee, Arrival, Recorded, StandingConversation},
    },
    engine::claim::ClaimedJob,
    sending::messages::{self, Batch},
};

use super::inbound_message::{new_message, received};
use crate::{Context, error::JobError};

/// Takes texts into the conversations that stand, and returns their jobs.
pub(super) async fn converse(
    ctx: &Context,
    tx: &mut Tx,
    jobs: Vec<(&ClaimedJob, InboundMessage)>,
) -> Result<Vec<JobId>, JobError> {
    // A writer's hash under another key is brought up to date one by one.
    if jobs.is_empty() || ctx.phone_hash_keys.is_rotated() {
        return Ok(Vec::new());
    }
    let texts = arrived(tx, &jobs).await?;
    let arrivals: Vec<_> = texts.iter().map(Text::arrival).collect();
    let mut standing = webhooks::standing_conversations(tx, &arrivals).await?;
    standing.sort_unstable_by_key(|found| found.nth);
    let mut contacts = HashSet::new();
    let (mut done, mut webhooks) = (Vec::new(), Vec::new());
    let (mut messages, mut replies) = (Vec::new(), Vec::new());
    for found in &standing {
        let Some(text) = texts.get(found.nth) else { continue };
        // Another text of theirs comes after this one.
        let is_first = contacts.insert(found.writer.contact_id);
        let Some(shown) = text.shown(found).filter(|_| is_first) else { continue };
        let batch = Batch {
            organization_id: text.addressee.organization_id,
            group_id: text.group_id,
            goal_id: found.goal_id,
            agent_id: None,
            kind: MessageKind::Inbound,
        };
        let message = new_message(found.writer.contact_id, found.thread_id, text.form.body.clone());
        tracing::info!(message.id = %message.id, job.id = %text.job_id, "received");
        messages.push(received(&text.recorded, &text.form, batch, message));
        replies.push(Reply { thread_id: found.thread_id, shown, received_at: text.recorded.received_at });
        webhooks.push(text.webhook_id);
        done.push(text.job_id);
    }
    if !done.is_empty() {
        messages::receive(tx, &messages).await?;
        threads::replied(tx, &replies).await?;
        webhooks::processed(tx, &webhooks, InboundOutcome::Conversation).await?;
    }
    Ok(done)
}

/// A text from a number to a number of a group.
struct Text {
    job_id: JobId,
    webhook_id: WebhookId,
    recorded: Recorded,
    form: InboundText,
    from: E164,
    addressee: Addressee,
    group_id: GroupId,
}

impl Text {
    fn arrival(&self) -> Arrival<'_> {
        Arrival {
            organization_id: self.addressee.organization_id,
            group_id: self.group_id,
            agent_id: self.addressee.agent_id,
            from: &self.from,
        }
    }

    /// Returns the effect on the conversation; none for a word, and for a text that is answered.
    fn shown(&self, found: &StandingConversation) -> Option<Shown> {
        let (standing, received) = (found.writer.standing, self.recorded.receive_order);
        let own = self.addressee.own_words();
        let intent = word::intent(&self.form.body, self.form.carrier_word, own, standing, received);
        let handling = word::handle(intent, standing, received);
        (intent == Intent::Conversation && handling.word == Word::None && !handling.confirm).then_some(handling.shown)
    }
}

/// Returns the texts of jobs that came from a number to a number of a group, in the order in which
/// they were received.
async fn arrived(tx: &mut Tx, jobs: &[(&ClaimedJob, InboundMessage)]) -> Result<Vec<Text>, JobError> {
    let ids: Vec<_> = jobs.iter().map(|(_, payload)| payload.webhook_id).collect();
    let mut recorded = webhooks::lock_all(tx, &ids).await?;
    let mut numbered = Vec::with_capacity(jobs.len());
    for (job, InboundMessage { webhook_id }) in jobs {
        let Some(recorded) = recorded.remove(webhook_id) else { continue };
        let Ok(form) = serde_json::from_value::<InboundText>(recorded.payload.clone()) else { continue };
        if let (Party::Number(from), Party::Number(to)) = (form.sender(), form.recipient()) {
            numbered.push((*job, *webhook_id, recorded, form, from, to));
        }
    }
    numbered.sort_unstable_by_key(|(_, _, recorded, ..)| recorded.receive_order);
    let numbers: Vec<_> = numbered.iter().map(|(.., to)| to).collect();
    let addressees = webhooks::addressees(tx, &numbers).await?;
    let texts = numbered.into_iter().filter_map(|(job, webhook_id, recorded, form, from, to)| {
        let addressee = addressees.get(&to).filter(|found| Some(found.organization_id) == job.organization_id)?;
        let (addressee, group_id) = (addressee.clone(), addressee.group_id?);
        Some(Text { job_id: job.id, webhook_id, recorded, form, from, addressee, group_id })
    });
    Ok(texts.collect())
}
