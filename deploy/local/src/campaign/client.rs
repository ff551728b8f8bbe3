//! The API as the campaign's people use it: as a token's owner, and with patience, because processes are killed meanwhile.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use muster_local::http;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// How long one request is tried again while nobody answers.
const PATIENCE: Duration = Duration::from_mins(1);
const STUBBORN_PATIENCE: Duration = Duration::from_mins(3);
const PAUSE: Duration = Duration::from_millis(300);

/// Somebody with a token.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
    /// Whether any answer of the server's that it failed is taken for no answer.
    stubborn: bool,
}

/// An answer: the status and the JSON, or null when there is none.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(base: &str, token: &str) -> anyhow::Result<Self> {
        let http = http::client(Duration::from_secs(20))?;
        Ok(Self { http, base: base.to_owned(), token: token.to_owned(), stubborn: false })
    }

    /// Somebody who asks again whatever the server's trouble is, and for longer.
    #[must_use]
    pub(crate) fn stubborn(self) -> Self {
        Self { stubborn: true, ..self }
    }

    /// The same way to the API for another member.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.ask(Method::GET, path, None, &Value::Null).await?.ok(path)
    }

    /// A POST that must succeed; the key makes trying again harmless.
    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> anyhow::Result<Value> {
        self.ask(Method::POST, path, Some(key), body).await?.ok(path)
    }

    /// A POST whose refusal the caller understands.
    pub(crate) async fn try_post(&self, path: &str, key: Option<&str>, body: &Value) -> anyhow::Result<Answer> {
        self.ask(Method::POST, path, key, body).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.ask(Method::PUT, path, None, body).await?.ok(path)
    }

    pub(crate) async fn try_put(&self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.ask(Method::PUT, path, None, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.ask(Method::PATCH, path, None, body).await?.ok(path)
    }

    /// Uploads a file.
    pub(crate) async fn upload(&self, path: &str, key: &str, bytes: &[u8]) -> anyhow::Result<Value> {
        let request = |client: &Self| {
            let request = client.request(&Method::POST, path, Some(key));
            request.header("content-type", "text/csv").body(bytes.to_vec())
        };
        self.patiently(path, request).await?.ok(path)
    }

    async fn ask(&self, method: Method, path: &str, key: Option<&str>, body: &Value) -> anyhow::Result<Answer> {
        let request = |client: &Self| {
            let request = client.request(&method, path, key);
            if body.is_null() { request } else { request.json(body) }
        };
        self.patiently(path, request).await
    }

    fn request(&self, method: &Method, path: &str, key: Option<&str>) -> RequestBuilder {
        let request = self.http.request(method.clone(), format!("{}{path}", self.base)).bearer_auth(&self.token);
        match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        }
    }

    async fn patiently(&self, path: &str, request: impl Fn(&Self) -> RequestBuilder) -> anyhow::Result<Answer> {
        let started = Instant::now();
        let patience = if self.stubborn { STUBBORN_PATIENCE } else { PATIENCE };
        loop {
            match answer(request(self)).await {
                Ok(answer) if !(matches!(answer.status, 429 | 503) || self.stubborn && answer.status >= 500) => {
                    return Ok(answer);
                }
                Ok(answer) if started.elapsed() > patience => return Ok(answer),
                Err(error) if started.elapsed() > patience => return Err(error.context(path.to_owned())),
                Ok(_) | Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

async fn answer(request: RequestBuilder) -> anyhow::Result<Answer> {
    let response = request.send().await.map_err(reqwest::Error::without_url).context("asking the API")?;
    let status = response.status().as_u16();
    let bytes = response.bytes().await.map_err(reqwest::Error::without_url).context("reading the API's answer")?;
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or(Value::Null) };
    Ok(Answer { status, body })
}

impl Answer {
    fn ok(self, path: &str) -> anyhow::Result<Value> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        bail!("{path} answers {}: {}", self.status, self.body);
    }
}

/// A member of an answer that is a string.
pub(crate) fn text(value: &Value, member: &str) -> anyhow::Result<String> {
    let found = value[member].as_str().with_context(|| format!("no {member} in an answer of the API"))?;
    Ok(found.to_owned())
}

/// A member of an answer that is a number; 0 when it is missing.
pub(crate) fn number(value: &Value, member: &str) -> i64 {
    value[member].as_i64().unwrap_or_default()
}

/// A value in a query.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
