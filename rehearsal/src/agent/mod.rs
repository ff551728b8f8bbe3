//! An agent at the API: claims batches, sends and skips, answers replies.

mod request;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::client::{Client, number, text};

pub use request::Request;

/// A member with texting as their work.
#[derive(Debug, Clone)]
pub struct Agent {
    /// The first name.
    pub name: String,
    /// The agent's way to the API.
    pub client: Client,
    /// The numbers that the agent texts from, in the order of the groups.
    pub numbers: Vec<String>,
}

/// A member that is to become an agent.
#[derive(Debug, Clone, Copy)]
pub struct NewAgent<'a> {
    /// The path of the organization.
    pub organization: &'a str,
    /// The agent's first name.
    pub first_name: &'a str,
    /// The agent's last name.
    pub last_name: &'a str,
    /// The groups to be in.
    pub groups: &'a [&'a str],
    /// Tells the requests that make this agent from those that make others.
    pub key: &'a str,
}

/// A claimed batch.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The batch's id.
    pub id: String,
    /// The batch's number in its goal.
    pub number: i64,
    /// The token that every request for the batch has to name.
    pub lease_token: Value,
    /// The ids of the contacts that are left in it.
    pub contacts: Vec<Value>,
}

/// The outcome of a request that the present state may forbid.
#[derive(Debug, Clone)]
pub enum Outcome<T> {
    /// It was done.
    Done(T),
    /// A pause, an expired lease or an opt-out forbids it (404 or 409).
    Refused,
}

impl<T> Outcome<T> {
    fn map<U>(self, with: impl FnOnce(T) -> anyhow::Result<U>) -> anyhow::Result<Outcome<U>> {
        match self {
            Self::Done(done) => with(done).map(Outcome::Done),
            Self::Refused => Ok(Outcome::Refused),
        }
    }
}

impl Agent {
    /// Makes a member, puts the member into the groups, and signs the member in.
    pub async fn join(admin: &Client, new: NewAgent<'_>) -> anyhow::Result<Self> {
        let NewAgent { organization, first_name, last_name, groups, key } = new;
        let member = json!({ "role": "agent", "first_name": first_name, "last_name": last_name });
        let made = admin.post(&format!("{organization}/members"), &format!("agent-{key}"), member).await?;
        let id = text(&made, "id")?;
        let mut numbers = Vec::new();
        for group in groups {
            let joined = admin.put(&format!("{organization}/groups/{group}/members/{id}"), json!({})).await?;
            numbers.push(text(&joined, "sender_number")?);
        }
        let tokens = format!("{organization}/members/{id}/tokens");
        let token = text(&admin.post(&tokens, &format!("token-{id}"), json!({})).await?, "token")?;
        Ok(Self { name: first_name.to_owned(), client: admin.with_token(Some(&token)), numbers })
    }

    /// Claims a batch of a goal's workflow, `initial` or `reminder`, if there is one.
    pub async fn claim(&self, goal: &str, workflow: &str) -> anyhow::Result<Outcome<Option<Batch>>> {
        self.try_ask(Request::claim(goal, workflow)).await?.map(|said| {
            let batch = &said["batch"];
            if batch.is_null() {
                return Ok(None);
            }
            let contacts = batch["contacts"].as_array().into_iter().flatten();
            Ok(Some(Batch {
                id: text(batch, "id")?,
                number: number(batch, "number"),
                lease_token: batch["lease_token"].clone(),
                contacts: contacts.map(|contact| contact["id"].clone()).collect(),
            }))
        })
    }

    /// Sends to some contacts of a batch, or to all that are left; `headers` go along.
    pub async fn send(
        &self,
        batch: &Batch,
        contacts: Option<&[Value]>,
        key: &str,
        headers: &[(&'static str, String)],
    ) -> anyhow::Result<Outcome<Value>> {
        let mut request = Request::send(&batch.id, &batch.lease_token, contacts).key(key);
        request.call.headers.extend_from_slice(headers);
        self.try_ask(request).await
    }

    /// Skips a contact of a batch.
    pub async fn skip(
        &self,
        batch: &Batch,
        contact: &Value,
        reason: &str,
        key: &str,
    ) -> anyhow::Result<Outcome<Value>> {
        self.try_ask(Request::skip(&batch.id, &batch.lease_token, contact, reason).key(key)).await
    }

    /// Claims the conversations of a group that wait for an answer.
    pub async fn claim_replies(&self, group: &str) -> anyhow::Result<Outcome<Vec<Value>>> {
        self.try_ask(Request::claim_replies(group)).await?.map(|claimed| match claimed {
            Value::Array(conversations) => Ok(conversations),
            other => bail!("a claim of replies answers something else than a list: {other}"),
        })
    }

    /// Records a contact's answer, `yes`, `no` or `maybe`.
    pub async fn record_answer(&self, thread: &str, answer: &str) -> anyhow::Result<Outcome<Value>> {
        self.try_ask(Request::record_answer(thread, answer)).await
    }

    /// Replies in a conversation.
    pub async fn reply(&self, thread: &str, words: &str, key: &str) -> anyhow::Result<Outcome<Value>> {
        self.try_ask(Request::reply(thread, words).key(key)).await
    }

    async fn try_ask(&self, request: Request) -> anyhow::Result<Outcome<Value>> {
        let Request { method, path, call } = request;
        let answer = self.client.call(method, &path, &call).await.with_context(|| self.name.clone())?;
        match answer.status {
            404 | 409 => Ok(Outcome::Refused),
            _ => answer.success().map(Outcome::Done).with_context(|| self.name.clone()),
        }
    }
}
