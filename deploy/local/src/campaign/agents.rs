//! Simulated agents: each claims batches, sends and skips, and answers replies, until the shift is over.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    client::{Answer, Client, number, text},
    floor::{Floor, Recorded},
    moment::Moment,
    plan::{MAYBE, NO, YES},
    setup::{Campaign, Organization},
};

/// Before asking again when there was nothing to do.
const IDLE: Duration = Duration::from_millis(1_200);
/// Of every so many batches, in one a contact is skipped.
const SKIP_EVERY: i64 = 2;

/// How agents work through a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Contacts sent to at once; without a number it is half of the batch, and then everybody who is left.
    pub(crate) at_once: Option<usize>,
    /// Between two of these.
    pub(crate) rest: Duration,
    /// Whether one agent walks away with a batch.
    pub(crate) one_walks_away: bool,
}

impl Pace {
    /// As fast as the API answers.
    pub(crate) const DEMO: Self = Self { at_once: None, rest: Duration::ZERO, one_walks_away: true };

    /// The requests in which a batch is sent: some contacts each, and in the last one everybody who is left.
    fn parts(self, contacts: &[&Value], token: &Value) -> Vec<Value> {
        let at_once = self.at_once.unwrap_or(contacts.len().div_ceil(2)).max(1);
        let mut parts: Vec<Value> =
            contacts.chunks(at_once).map(|some| json!({ "lease_token": token, "contact_ids": some })).collect();
        parts.pop();
        parts.push(json!({ "lease_token": token }));
        parts
    }
}

/// One agent at work.
struct Shift {
    name: String,
    client: Client,
    group: String,
    goal: String,
    floor: Arc<Floor>,
    /// Leaves with the first batch in hand.
    walks_away: bool,
    pace: Pace,
    /// Claims so far: a part of the idempotency keys, because what is left of a batch is another request.
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
                name: agent.name.clone(),
                client: agent.client.clone(),
                group: group.id.clone(),
                goal: goal.clone(),
                floor: Arc::clone(floor),
                walks_away: pace.one_walks_away && index == last_group && seat == 0,
                pace,
                claims: 0,
            };
            agents.spawn(async move { shift.work().await.with_context(|| shift.name.clone()) });
        }
    }
    agents
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

    /// Claims a batch and sends it; whether there was one.
    async fn batch(&mut self, workflow: &str) -> anyhow::Result<bool> {
        self.claims += 1;
        let claim = format!("/v1/agent/goals/{}/claim", self.goal);
        let answer = self.client.try_post(&claim, None, &json!({ "workflow": workflow })).await?;
        let Some(answer) = self.unless_refused(&claim, answer)? else { return Ok(false) };
        let batch = &answer["batch"];
        if batch.is_null() {
            return Ok(false);
        }
        if self.walks_away {
            self.floor.tally.abandoned.add(1);
            return Ok(true);
        }
        let path = format!("/v1/agent/batches/{}", text(batch, "id")?);
        let token = &batch["lease_token"];
        let mut ids: Vec<&Value> = batch["contacts"].as_array().into_iter().flatten().map(|to| &to["id"]).collect();
        if workflow == "initial" && number(batch, "number") % SKIP_EVERY == 0 && ids.len() > 50 {
            let skip = json!({ "lease_token": token, "contact_id": ids.pop(), "reason": "knows the agent" });
            match self.send(&format!("{path}/skip"), "skip", &skip).await? {
                Some(_) => self.floor.tally.skipped.add(1),
                None => return Ok(false),
            }
        }
        let mut finished = false;
        for (part, body) in self.pace.parts(&ids, token).into_iter().enumerate() {
            if part > 0 {
                tokio::time::sleep(self.pace.rest).await;
            }
            let part = part.to_string();
            let Some(sent) = self.send(&format!("{path}/send"), &part, &body).await? else { return Ok(false) };
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

    async fn send(&self, path: &str, part: &str, body: &Value) -> anyhow::Result<Option<Value>> {
        let key = format!("{path}-{part}-{}", self.claims);
        let answer = self.client.try_post(path, Some(&key), body).await?;
        self.unless_refused(path, answer)
    }

    /// Answers the replies that are there; whether there were any.
    async fn replies(&self) -> anyhow::Result<bool> {
        let claim = format!("/v1/agent/groups/{}/replies/claim", self.group);
        let answer = self.client.try_post(&claim, None, &Value::Null).await?;
        let Some(claimed) = self.unless_refused(&claim, answer)? else { return Ok(false) };
        let mut done = false;
        for conversation in claimed.as_array().into_iter().flatten() {
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
        let thread = format!("/v1/agent/threads/{}", text(&conversation["thread"], "id")?);
        let said = match last["body"].as_str() {
            Some(YES) => Some("yes"),
            Some(NO) => Some("no"),
            Some(MAYBE) => Some("maybe"),
            Some(_) | None => None,
        };
        if let Some(said) = said {
            let path = format!("{thread}/answer");
            let asked = Moment::now();
            let answer = self.client.try_put(&path, &json!({ "answer": said })).await?;
            if self.unless_refused(&path, answer)?.is_none() {
                return Ok(false);
            }
            let contact = text(&conversation["thread"], "contact_id")?;
            self.floor.record(Recorded { contact, yes: said == "yes", asked, answered: Moment::now() });
        }
        // Nobody gets the same words twice.
        let thanks = if theirs.len() > 1 { "Thank you again!" } else { "Thanks, noted!" };
        let key = format!("reply-{}", text(last, "id")?);
        let path = format!("{thread}/reply");
        let answer = self.client.try_post(&path, Some(&key), &json!({ "text": thanks })).await?;
        let sent = self.unless_refused(&path, answer)?.is_some();
        self.floor.tally.replies.add(i64::from(sent));
        Ok(sent)
    }

    /// What was answered, or nothing if the present state forbids it: a pause, an expired lease, an opt-out.
    fn unless_refused(&self, path: &str, answer: Answer) -> anyhow::Result<Option<Value>> {
        match answer.status {
            200..300 => Ok(Some(answer.body)),
            404 | 409 => {
                self.floor.tally.refused.add(1);
                Ok(None)
            }
            status => bail!("{path} answers {status}: {}", answer.body),
        }
    }
}
