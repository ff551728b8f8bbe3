//! A caller of the api, as the rehearsals have it. Every answer is held against the API's document.

use std::time::Duration;

use muster_rehearsal::{agent::Request, client};
use muster_storage::Pool;
use reqwest::Method;
use serde_json::Value;

use crate::DOCUMENT;

pub use client::{Answer, Call};

/// Answers to requests that were not begun, or that met another one and changed nothing: on a
/// machine that is busy with other tests any request may have one.
const PUT_OFF: [&str; 3] = [
    "more of your organization's requests wait than may",
    "more requests wait than may",
    "another change was under way and nothing was changed",
];

/// Times that a request is made at most, and the pause in between.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(200);

/// A caller of the api, with the words that tests need: each returns the answer of any kind. A
/// request that is told to come again because too many wait comes again.
#[derive(Debug, Clone)]
pub struct Client {
    api: client::Client,
    comes_again: bool,
    /// The database, in which the operator arranges numbers.
    pub(super) pool: Pool,
}

impl Client {
    pub(super) fn new(http: reqwest::Client, pool: Pool, base: &str) -> Self {
        Self { api: client::Client::over(http, base).once(), comes_again: true, pool }
    }

    /// The same, for tests of too many requests: each is made once.
    #[must_use]
    pub fn once(&self) -> Self {
        Self { comes_again: false, ..self.clone() }
    }

    /// Somebody else at the same address.
    #[must_use]
    pub fn with_token(&self, token: Option<&str>) -> Self {
        Self { api: self.api.with_token(token), ..self.clone() }
    }

    /// Returns the token that each request is made with.
    pub fn token(&self) -> Option<&str> {
        self.api.token()
    }

    /// Returns a request with an answer that is held against the document.
    pub async fn call(&self, method: Method, path: &str, call: Call) -> Answer {
        for _ in 1..TRIES {
            let answer = conforming(&method, path, self.api.call(method.clone(), path, &call).await);
            let is_put_off =
                matches!(answer.status, 429 | 503) && PUT_OFF.iter().any(|told| answer.text.contains(told));
            if !(self.comes_again && is_put_off) {
                return answer;
            }
            tokio::time::sleep(PAUSE).await;
        }
        conforming(&method, path, self.api.call(method.clone(), path, &call).await)
    }

    /// Returns an agent's request.
    pub async fn ask(&self, request: Request) -> Answer {
        self.call(request.method, &request.path, request.call).await
    }

    /// Returns a POST of a file that comes as it comes.
    pub async fn pour(&self, path: &str, file: reqwest::Body) -> Answer {
        conforming(&Method::POST, path, self.api.upload_once(path, file).await)
    }

    /// Begins to follow server-sent events.
    pub async fn events(&self, path: &str) -> Events {
        Events(self.api.events(path).await.unwrap_or_else(|error| panic!("{error:#}")))
    }

    /// Returns a GET with a success that may have no end: the body of one is not read.
    pub async fn begin(&self, path: &str) -> Answer {
        self.api.begin(path).await.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Returns a GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, Call::empty()).await
    }

    /// Returns a POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Call::json(&body)).await
    }

    /// Returns a POST without a body.
    pub async fn act(&self, path: &str) -> Answer {
        self.call(Method::POST, path, Call::empty()).await
    }

    /// Returns a PUT with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, Call::json(&body)).await
    }

    /// Returns a PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Call::json(&body)).await
    }
}

/// An agent at work.
impl Client {
    /// Claims a batch of a goal's workflow, `initial` or `reminder`; returns it, and null where
    /// there is none.
    pub async fn claim(&self, goal: &str, workflow: &str) -> Value {
        self.ask(Request::claim(goal, workflow)).await.ok()["batch"].clone()
    }

    /// Sends to all contacts that are left in a claimed batch.
    pub async fn send(&self, batch: &Value) -> Answer {
        self.ask(Request::send(batch["id"].as_str().unwrap(), &batch["lease_token"], None)).await
    }
}

/// Returns an answer that is as the document says.
fn conforming(method: &Method, path: &str, answer: anyhow::Result<Answer>) -> Answer {
    let answer = answer.unwrap_or_else(|error| panic!("{error:#}"));
    let media_type = answer.header("content-type");
    let wrong = DOCUMENT.wrong(method.as_str(), path, answer.status, media_type, &answer.text);
    assert!(wrong.is_empty(), "{} answered {} otherwise than documented: {wrong:#?}", answer.request, answer.status);
    answer
}

/// Server-sent events as they come.
#[derive(Debug)]
pub struct Events(client::Events);

impl Events {
    /// Returns the next event and its data; none at the end.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        self.0.next().await.unwrap_or_else(|error| panic!("{error:#}"))
    }
}

/// Returns a form as the wire has it.
pub fn urlencoded(form: &[(String, String)]) -> String {
    serde_urlencoded::to_string(form).unwrap()
}
