//! The HTTP API as a member uses it, in rehearsals, stories and tests: with patience where a
//! rehearsal kills processes meanwhile, and once where a test judges the answer.

mod answer;
mod call;
mod events;

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use muster_local::http;
use reqwest::Method;
use serde_json::Value;

pub use answer::Answer;
pub use call::Call;
pub use events::Events;

/// How long a request is tried again while no answer comes.
const PATIENCE: Duration = Duration::from_mins(1);
const STUBBORN_PATIENCE: Duration = Duration::from_mins(3);
const PAUSE: Duration = Duration::from_millis(300);
const CSV: &str = "text/csv";

/// A caller of the API: a member with a token, or somebody without.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
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

impl Client {
    /// Returns a member with this token at the API of this URL that tries again while the API is
    /// away or overloaded.
    pub fn new(base: &str, token: &str) -> anyhow::Result<Self> {
        Ok(Self::over(http::client(Duration::from_secs(20))?, base).with_token(Some(token)))
    }

    /// Returns the same over an HTTP client that exists, without a token.
    pub fn over(http: reqwest::Client, base: &str) -> Self {
        Self { http, base: base.to_owned(), token: None, persistence: Persistence::Patient }
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

    /// Another member at the same API, or none.
    #[must_use]
    pub fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(ToOwned::to_owned), ..self.clone() }
    }

    /// Returns the token that each request is made with.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Makes a GET request that must succeed; returns its JSON.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, &Call::empty()).await?.success()
    }

    /// Makes a POST request that must succeed; the key makes trying again harmless.
    pub async fn post(&self, path: &str, key: &str, body: Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, &Call::json(&body).key(key)).await?.success()
    }

    /// Makes a PUT request that must succeed.
    pub async fn put(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(Method::PUT, path, &Call::json(&body)).await?.success()
    }

    /// Makes a PATCH request that must succeed.
    pub async fn patch(&self, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(Method::PATCH, path, &Call::json(&body)).await?.success()
    }

    /// Makes a request, as often as this member's patience allows; returns the last answer of any
    /// kind.
    pub async fn call(&self, method: Method, path: &str, call: &Call) -> anyhow::Result<Answer> {
        let started = Instant::now();
        let patience = match self.persistence {
            Persistence::Once => Duration::ZERO,
            Persistence::Patient => PATIENCE,
            Persistence::Stubborn => STUBBORN_PATIENCE,
        };
        loop {
            let body = call.body.clone().map(Into::into);
            match self.ask(&method, path, &call.headers, body).await {
                Ok(answer) if !self.persistence.tries_again(answer.status) => return Ok(answer),
                Ok(answer) if started.elapsed() > patience => return Ok(answer),
                Err(error) if started.elapsed() > patience => return Err(error),
                Ok(_) | Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Uploads a file that can be sent again; returns the API's view of its import.
    pub async fn upload(&self, path: &str, key: &str, bytes: &[u8]) -> anyhow::Result<Value> {
        self.call(Method::POST, path, &Call::raw(CSV, bytes).key(key)).await?.success()
    }

    /// Uploads a file once; returns the answer of any kind. A stream can't be sent again.
    pub async fn upload_once(&self, path: &str, file: impl Into<reqwest::Body>) -> anyhow::Result<Answer> {
        self.ask(&Method::POST, path, &[("content-type", CSV.to_owned())], Some(file.into())).await
    }

    /// Begins to follow server-sent events. An answer that is no success is an error.
    pub async fn events(&self, path: &str) -> anyhow::Result<Events> {
        let response = self.send(&Method::GET, path, &[], None).await?;
        if response.status().is_success() {
            return Ok(Events { response, buffer: String::new() });
        }
        let Answer { request, status, text, .. } = read(&Method::GET, path, response).await?;
        bail!("{request} answers {status}: {text}")
    }

    /// Makes a GET request once with a success that may have no end: the body of one is not read.
    pub async fn begin(&self, path: &str) -> anyhow::Result<Answer> {
        let response = self.send(&Method::GET, path, &[], None).await?;
        if response.status().is_success() {
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            return Ok(Answer { request: format!("GET {path}"), status, headers, text: String::new() });
        }
        read(&Method::GET, path, response).await
    }

    /// Makes a request once, and reads its answer.
    async fn ask(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&'static str, String)],
        body: Option<reqwest::Body>,
    ) -> anyhow::Result<Answer> {
        read(method, path, self.send(method, path, headers, body).await?).await
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&'static str, String)],
        body: Option<reqwest::Body>,
    ) -> anyhow::Result<reqwest::Response> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        request.send().await.map_err(reqwest::Error::without_url).with_context(|| format!("{method} {path}"))
    }
}

async fn read(method: &Method, path: &str, response: reqwest::Response) -> anyhow::Result<Answer> {
    let request = format!("{method} {path}");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.map_err(reqwest::Error::without_url);
    let text = text.with_context(|| format!("reading the answer to {request}"))?;
    Ok(Answer { request, status, headers, text })
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
