//! Requests of an agent: each path and body once, for rehearsals, stories, tests and benchmarks.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Call;

/// A request that is not made yet.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The body and the headers.
    pub call: Call,
}

impl Request {
    /// Claims a batch of a goal's workflow, `initial` or `reminder`.
    pub fn claim(goal: &str, workflow: &str) -> Self {
        Self::post(format!("/v1/agent/goals/{goal}/claim"), &json!({ "workflow": workflow }))
    }

    /// Sends to some contacts of a batch, or to all that are left.
    pub fn send(batch: &str, lease_token: &Value, contacts: Option<&[Value]>) -> Self {
        let mut body = json!({ "lease_token": lease_token });
        if let Some(contacts) = contacts {
            body["contact_ids"] = contacts.into();
        }
        Self::of_batch(batch, "send", &body)
    }

    /// Skips a contact of a batch.
    pub fn skip(batch: &str, lease_token: &Value, contact: &Value, reason: &str) -> Self {
        let body = json!({ "lease_token": lease_token, "contact_id": contact, "reason": reason });
        Self::of_batch(batch, "skip", &body)
    }

    /// Acts on a batch under its lease.
    pub fn of_batch(batch: &str, action: &str, body: &Value) -> Self {
        Self::post(format!("/v1/agent/batches/{batch}/{action}"), body)
    }

    /// Claims the conversations of a group that wait for an answer.
    pub fn claim_replies(group: &str) -> Self {
        let path = format!("/v1/agent/groups/{group}/replies/claim");
        Self { method: Method::POST, path, call: Call::empty() }
    }

    /// Records a contact's answer, `yes`, `no` or `maybe`.
    pub fn record_answer(thread: &str, answer: &str) -> Self {
        let path = format!("/v1/agent/threads/{thread}/answer");
        Self { method: Method::PUT, path, call: Call::json(&json!({ "answer": answer })) }
    }

    /// Replies in a conversation.
    pub fn reply(thread: &str, words: &str) -> Self {
        Self::post(format!("/v1/agent/threads/{thread}/reply"), &json!({ "text": words }))
    }

    /// Gives it an idempotency key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        Self { call: self.call.key(key), ..self }
    }

    fn post(path: String, body: &Value) -> Self {
        Self { method: Method::POST, path, call: Call::json(body) }
    }
}
