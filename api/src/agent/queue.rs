//! Texts of a batch in hand on their way into the queue (rules B7 and S1).

use std::collections::BTreeMap;

use muster_domain::{
    goals::batch::BatchKind,
    ids::{ContactId, MessageId},
    people::e164::E164,
    sending::{compose::Text, message::MessageKind},
};
use muster_storage::{
    Tx,
    conversations::threads,
    goals::{Goal, batches::Lease},
    sending::messages::{self, Batch, NewMessage},
    tenancy::workplace::Workplace,
};

use crate::{auth::Agent, problem::Problem};

/// Returns the number that an agent texts from in a goal's group.
pub(crate) fn sender(workplace: &Workplace) -> Result<&E164, Problem> {
    let sender = workplace.sender.as_ref();
    sender.ok_or_else(|| Problem::no_sender_number("the agent has no number in this group"))
}

/// A batch in hand, with all that its texts have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InHand<'a> {
    pub(crate) agent: &'a Agent,
    pub(crate) goal: &'a Goal,
    pub(crate) lease: &'a Lease,
    pub(crate) sender: &'a E164,
}

impl InHand<'_> {
    /// Queues texts to contacts that are still to be texted in the batch; returns how many.
    /// `edited` ones are the agent's own.
    pub(crate) async fn queue(
        self,
        tx: &mut Tx,
        mut texts: BTreeMap<ContactId, Text>,
        edited: bool,
    ) -> Result<usize, Problem> {
        let Self { agent, goal, lease, sender } = self;
        let wanted: Vec<_> = texts.keys().map(|contact| (*contact, MessageId::new())).collect();
        let taken = messages::take_targets(tx, lease, &wanted).await?;
        let (goal_id, agent_id) = (Some(goal.id), Some(agent.member.id));
        let (organization_id, group_id) = (agent.organization_id, goal.group_id);
        let threads = threads::ensure(tx, organization_id, group_id, sender, goal_id, agent_id, &taken).await?;
        let new: Vec<NewMessage> = wanted
            .iter()
            .filter_map(|(contact, id)| {
                // Only those that were taken have a thread here.
                let thread_id = *threads.get(contact)?;
                let Text { body, segments } = texts.remove(contact)?;
                Some(NewMessage { id: *id, contact_id: *contact, thread_id, body, segments })
            })
            .collect();
        let kind = match lease.kind {
            BatchKind::Initial => MessageKind::Initial,
            BatchKind::Reminder => MessageKind::Reminder,
        };
        let batch = Batch { organization_id, group_id, goal_id, agent_id, kind };
        match (edited, new.as_slice()) {
            (true, [one]) => messages::queue_edited(tx, batch, one, &agent.origin()).await?,
            _ => messages::queue(tx, batch, &new, &agent.origin()).await?,
        }
        Ok(new.len())
    }
}
