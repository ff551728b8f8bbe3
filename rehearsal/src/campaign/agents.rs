//! Simulated agents: each claims batches, sends and skips, and answers replies, until the shift is
//! over.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use serde_json::Value;
use tokio::task::JoinSet;

use super::{
    floor::{Floor, Recorded},
    moment::Moment,
    plan::{MAYBE, NO, YES},
    setup::{Campaign, Organization},
};
use crate::{
    agent::{Agent, Batch, Outcome},
    client::{number, text},
};

/// Before asking again when there was nothing to do.
const IDLE: Duration = Duration::from_millis(1_200);
/// Of every so many batches, in one a contact is skipped.
const SKIP_EVERY: i64 = 2;

/// How agents work through a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Contacts sent to at once; without a number it is half of the batch, and then all the rest.
    pub(crate) at_once: Option<usize>,
    /// Between two of these.
    pub(crate) rest: Duration,
    /// Whether one agent walks away with a batch.
    pub(crate) one_walks_away: bool,
}

impl Pace {
    /// As fast as the API answers.
    pub(crate) const DEMO: Self = Self { at_once: None, rest: Duration::ZERO, one_walks_away: true };

    /// As people text: one contact, and the next some seconds later.
    pub(crate) const LIVE: Self = Self { at_once: Some(1), rest: Duration::from_secs(8), one_walks_away: false };

    /// Returns the requests in which a batch is sent: some contacts each, and in the last one
    /// (`None`) all the rest.
    fn parts(self, contacts: &[Value]) -> Vec<Option<&[Value]>> {
        let at_once = self.at_once.unwrap_or(contacts.len().div_ceil(2)).max(1);
        let mut parts: Vec<Option<&[Value]>> = contacts.chunks(at_once).map(Some).collect();
        parts.pop();
        parts.push(None);
        parts
    }
}

/// One agent at work.
struct Shift {
    agent: Agent,
    group: String,
    goal: String,
    floor: Arc<Floor>,
    /// Leaves with the first batch in hand.
    walks_away: bool,
    pace: Pace,
    /// Claims so far: a part of the idempotency keys, because the rest of a batch is another
    /// request.
    claims: u64,
}

/// Seats everybody.
pub(crate) fn start(
    organization: &Organization,
    campaign: &Campaign,
    floor: &Arc<Floor>,
    pace: Pace,
) -> JoinSet<anyhow::Result<()>> {
    let mut agents = JoinSet::new();
    let last_group = organization.groups.len().saturating_sub(1);
    for (index, (group, goal)) in organization.groups.iter().zip(&campaign.goals).enumerate() {
        for (seat, agent) in group.agents.iter().enumerate() {
            let mut shift = Shift {
                agent: agent.clone(),
                group: group.id.clone(),
                goal: goal.clone(),
                floor: Arc::clone(floor),
                walks_away: pace.one_walks_away && index == last_group && seat == 0,
                pace,
                claims: 0,
            };
            let name = format!("{} in {}", agent.name, group.plan.name);
            agents.spawn(async move { shift.work().await.context(name) });
        }
    }
    agents
}

/// Waits for an agent that fails; agents that are done do not matter.
pub(crate) async fn first_failure(working: &mut JoinSet<anyhow::Result<()>>) -> anyhow::Error {
    while let Some(ended) = working.join_next().await {
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return error,
            Err(error) => return error.into(),
        }
    }
    std::future::pending().await
}

impl Shift {
    async fn work(&mut self) -> anyhow::Result<()> {
        while !self.floor.is_closed() {
            let mut busy = self.floor.has_reminders() && self.batch("reminder").await?;
            busy |= self.replies().await?;
            if !self.floor.is_on_break() {
                busy |= self.batch("initial").await?;
                if self.walks_away && self.floor.tally.abandoned.get() > 0 {
                    return Ok(());
                }
            }
            if !busy {
                tokio::time::sleep(IDLE).await;
            }
        }
        Ok(())
    }

    /// Claims a batch and sends it; returns whether there was one.
    async fn batch(&mut self, workflow: &str) -> anyhow::Result<bool> {
        self.claims += 1;
        let claimed = self.agent.claim(&self.goal, workflow).await?;
        let Some(Some(mut batch)) = self.unless_refused(claimed) else { return Ok(false) };
        if self.walks_away {
            self.floor.tally.abandoned.add(1);
            return Ok(true);
        }
        if workflow == "initial"
            && batch.number % SKIP_EVERY == 0
            && batch.contacts.len() > 50
            && !self.skip(&mut batch).await?
        {
            return Ok(false);
        }
        let mut finished = false;
        for (part, contacts) in self.pace.parts(&batch.contacts).into_iter().enumerate() {
            if part > 0 {
                tokio::time::sleep(self.pace.rest).await;
            }
            let key = self.key(&batch, &part.to_string());
            let sent = self.agent.send(&batch, contacts, &key, &[]).await?;
            let Some(sent) = self.unless_refused(sent) else { return Ok(false) };
            let queued = number(&sent, "queued");
            self.floor.tally.queued.add(queued);
            if workflow == "reminder" {
                self.floor.tally.reminders.add(queued);
            }
            finished = sent["batch_finished"] == true;
        }
        if finished {
            self.floor.tally.batches.add(1);
        }
        // A batch that cannot be finished must not keep the agent busy.
        Ok(finished)
    }

    /// Skips the last contact of a batch; returns whether that was allowed.
    async fn skip(&self, batch: &mut Batch) -> anyhow::Result<bool> {
        let Some(contact) = batch.contacts.pop() else { return Ok(true) };
        let skipped = self.agent.skip(batch, &contact, "knows the agent", &self.key(batch, "skip")).await?;
        let skipped = self.unless_refused(skipped).is_some();
        self.floor.tally.skipped.add(i64::from(skipped));
        Ok(skipped)
    }

    /// Returns an idempotency key of its own for each request of each claim.
    fn key(&self, batch: &Batch, part: &str) -> String {
        format!("{}-{part}-{}", batch.id, self.claims)
    }

    /// Returns the replies that are there; returns whether there were any.
    async fn replies(&self) -> anyhow::Result<bool> {
        let claimed = self.agent.claim_replies(&self.group).await?;
        let Some(claimed) = self.unless_refused(claimed) else { return Ok(false) };
        let mut done = false;
        for conversation in &claimed {
            done |= self.reply(conversation).await?;
        }
        Ok(done)
    }

    async fn reply(&self, conversation: &Value) -> anyhow::Result<bool> {
        let messages = conversation["messages"].as_array().context("a claimed thread has no messages")?;
        let theirs: Vec<&Value> = messages.iter().filter(|message| message["kind"] == "inbound").collect();
        let Some(last) = theirs.last() else { return Ok(false) };
        if conversation["thread"]["opted_out"] == true {
            return Ok(false);
        }
        let thread = text(&conversation["thread"], "id")?;
        let said = match last["body"].as_str() {
            Some(YES) => Some("yes"),
            Some(NO) => Some("no"),
            Some(MAYBE) => Some("maybe"),
            Some(_) | None => None,
        };
        if let Some(said) = said {
            let asked = Moment::now();
            let answered = self.agent.record_answer(&thread, said).await?;
            if self.unless_refused(answered).is_none() {
                return Ok(false);
            }
            let contact = text(&conversation["thread"], "contact_id")?;
            self.floor.record(Recorded { contact, yes: said == "yes", asked, answered: Moment::now() });
        }
        // A contact never gets the same words twice.
        let thanks = if theirs.len() > 1 { "Thank you again!" } else { "Thanks, noted!" };
        let replied = self.agent.reply(&thread, thanks, &format!("reply-{}", text(last, "id")?)).await?;
        let sent = self.unless_refused(replied).is_some();
        self.floor.tally.replies.add(i64::from(sent));
        Ok(sent)
    }

    /// Returns the outcome, or nothing if the present state forbids it.
    fn unless_refused<T>(&self, outcome: Outcome<T>) -> Option<T> {
        match outcome {
            Outcome::Done(done) => Some(done),
            Outcome::Refused => {
                self.floor.tally.refused.add(1);
                None
            }
        }
    }
}
