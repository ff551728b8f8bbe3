//! The HTTP API as a member with a token uses it: with patience, because a rehearsal kills
//! processes meanwhile.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use muster_local::http;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// How long a request is tried again while no answer comes.
const PATIENCE: Duration = Duration::from_mins(1);
const STUBBORN_PATIENCE: Duration = Duration::from_mins(3);
const PAUSE: Duration = Duration::from_millis(300);

/// A member with a token.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
    persistence: Persistence,
}

/// Which answers are taken for no answer, so that the request is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Persistence {
    /// None: each request is made once.
    Once,
    /// 429 and 503.
    Patient,
    /// 429 and every server error.
    Stubborn,
}

/// A request that can be made again.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    method: Method,
    pub(crate) path: &'a str,
    /// Null is no body.
    body: Value,
    headers: Vec<(&'static str, String)>,
}

impl<'a> Call<'a> {
    /// Returns a request without a body.
    pub fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, body: Value::Null, headers: Vec::new() }
    }

    /// Gives it a JSON body; null is none.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = body;
        self
    }

    /// Gives it an idempotency key, which makes it harmless to repeat.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        self.header("idempotency-key", key)
    }

    /// Gives it one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// An answer of the API.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON; a string where the answer is something else, and null where it is empty.
    pub body: Value,
}

impl Client {
    /// Returns a member with this token at the API of this URL that tries again while the API is
    /// away or overloaded.
    pub fn new(base: &str, token: &str) -> anyhow::Result<Self> {
        Ok(Self::over(http::client(Duration::from_secs(20))?, base, token))
    }

    /// The same over an HTTP client that exists.
    pub fn over(http: reqwest::Client, base: &str, token: &str) -> Self {
        Self { http, base: base.to_owned(), token: token.to_owned(), persistence: Persistence::Patient }
    }

    /// Returns the same member, now one that tries again whichever trouble the server has, and for
    /// longer.
    #[must_use]
    pub fn stubborn(self) -> Self {
        Self { persistence: Persistence::Stubborn, ..self }
    }

    /// Returns the same member, now one that asks once and takes every answer.
    #[must_use]
    pub fn once(self) -> Self {
        Self { persistence: Persistence::Once, ..self }
    }

    /// Another member at the same API.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// Makes a GET request that must succeed; returns its JSON.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(&Call::new(Method::GET, path)).await?.ok(path)
    }

    /// Makes a POST request that must succeed; the key makes trying again harmless.
    pub async fn post(&self, path: &str, key: &str, body: Value) -> anyhow::Result<Value> {
        self.call(&Call::new(Method::POST, path).key(key).json(body)).await?.ok(path)
    }

    /// Makes a PUT request that must succeed.
    pub async fn put(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(&Call::new(Method::PUT, path).json(body)).await?.ok(path)
    }

    /// Makes a PATCH request that must succeed.
    pub async fn patch(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(&Call::new(Method::PATCH, path).json(body)).await?.ok(path)
    }

    /// Makes a request, as often as this member's patience allows; returns the last answer of any
    /// kind.
    pub async fn call(&self, call: &Call<'_>) -> anyhow::Result<Answer> {
        let request = || {
            let mut request = self.request(call.method.clone(), call.path);
            for (name, value) in &call.headers {
                request = request.header(*name, value);
            }
            if call.body.is_null() { request } else { request.json(&call.body) }
        };
        self.patiently(call.path, request).await
    }

    /// Uploads a file that can be sent again; returns the API's view of its import.
    pub async fn upload(&self, path: &str, key: &str, bytes: &[u8]) -> anyhow::Result<Value> {
        let request = || csv(self.request(Method::POST, path).header("idempotency-key", key), bytes.to_vec());
        self.patiently(path, request).await?.ok(path)
    }

    /// Uploads a file once; returns the answer of any kind. A stream can't be sent again.
    pub async fn upload_once(&self, path: &str, body: impl Into<reqwest::Body>) -> anyhow::Result<Answer> {
        answer(csv(self.request(Method::POST, path), body)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    async fn patiently(&self, path: &str, request: impl Fn() -> RequestBuilder) -> anyhow::Result<Answer> {
        let started = Instant::now();
        let patience = match self.persistence {
            Persistence::Once => Duration::ZERO,
            Persistence::Patient => PATIENCE,
            Persistence::Stubborn => STUBBORN_PATIENCE,
        };
        loop {
            match answer(request()).await {
                Ok(answer) if !self.persistence.tries_again(answer.status) => return Ok(answer),
                Ok(answer) if started.elapsed() > patience => return Ok(answer),
                Err(error) if started.elapsed() > patience => return Err(error.context(path.to_owned())),
                Ok(_) | Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

impl Persistence {
    fn tries_again(self, status: u16) -> bool {
        match self {
            Self::Once => false,
            Self::Patient => matches!(status, 429 | 503),
            Self::Stubborn => status == 429 || status >= 500,
        }
    }
}

fn csv(request: RequestBuilder, body: impl Into<reqwest::Body>) -> RequestBuilder {
    request.header("content-type", "text/csv").body(body)
}

async fn answer(request: RequestBuilder) -> anyhow::Result<Answer> {
    let response = request.send().await.map_err(reqwest::Error::without_url).context("asking the API")?;
    let status = response.status().as_u16();
    let said = response.text().await.map_err(reqwest::Error::without_url).context("reading the API's answer")?;
    let body = if said.is_empty() { Value::Null } else { serde_json::from_str(&said).unwrap_or(Value::String(said)) };
    Ok(Answer { status, body })
}

impl Answer {
    /// Returns whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the JSON of a success; anything else is an error that names `path`.
    pub fn ok(self, path: &str) -> anyhow::Result<Value> {
        if self.is_success() {
            return Ok(self.body);
        }
        bail!("{path} answers {}: {}", self.status, self.body);
    }
}

/// Returns a member of an answer that is a string.
pub fn text(value: &Value, member: &str) -> anyhow::Result<String> {
    let found = value[member].as_str().with_context(|| format!("no {member} in an answer of the API"))?;
    Ok(found.to_owned())
}

/// Returns a member of an answer that is a number; 0 when it is missing.
pub fn number(value: &Value, member: &str) -> i64 {
    value[member].as_i64().unwrap_or_default()
}

/// Returns a path with these parameters after it.
pub fn with_query(path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<String> {
    let query = serde_urlencoded::to_string(parameters).context("encoding a query")?;
    Ok(format!("{path}?{query}"))
}
