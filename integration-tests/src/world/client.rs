//! A caller of the api. Every answer is held against the API's document.

use muster_storage::Pool;
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

use crate::DOCUMENT;

/// A JSON or other body, and headers.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The body.
    pub body: Option<Vec<u8>>,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
}

impl Call {
    /// Without a body.
    pub fn empty() -> Self {
        Self::default()
    }

    /// With this body.
    pub fn json(body: &Value) -> Self {
        Self::raw("application/json", body.to_string())
    }

    /// With a body of another type.
    pub fn raw(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Some(body.into()), headers: vec![("content-type", content_type.to_owned())] }
    }

    /// With one header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With this idempotency key.
    #[must_use]
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Method and path of the request.
    pub what: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// Returns a header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Returns the body of a 2xx; null when it is empty.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!((200..300).contains(&self.status), "{} answered {}: {}", self.what, self.status, self.text);
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).unwrap() }
    }

    /// Returns the differences from a problem+json with this status and type, if any.
    pub fn wrong_problem(&self, wanted: &[(u16, &str)]) -> Option<String> {
        let seen = || format!("{} answered {} {:?}, wanted {wanted:?}", self.what, self.status, self.text);
        let body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let kind = body["type"].as_str().unwrap_or_default();
        let kind = kind.strip_prefix("urn:muster:problem:").unwrap_or("not ours");
        let fits = wanted.contains(&(self.status, kind))
            && self.header("content-type") == "application/problem+json"
            && body["status"] == self.status
            && body["title"].is_string()
            && body["detail"].is_string();
        (!fits).then(seen)
    }

    /// Returns a problem+json with this status and type.
    #[track_caller]
    pub fn problem(&self, status: u16, kind: &str) -> Value {
        if let Some(wrong) = self.wrong_problem(&[(status, kind)]) {
            panic!("{wrong}");
        }
        serde_json::from_str(&self.text).unwrap()
    }
}

/// A caller of the api.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    /// The database, in which the operator arranges numbers.
    pub(super) pool: Pool,
    /// The token that each request is made with.
    pub token: Option<String>,
}

impl Client {
    pub(super) fn new(http: reqwest::Client, pool: Pool, base: &str) -> Self {
        Self { http, base: base.to_owned(), pool, token: None }
    }

    /// Somebody else at the same address.
    #[must_use]
    pub fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(ToOwned::to_owned), ..self.clone() }
    }

    /// Returns a request with an answer that is held against the document.
    pub async fn call(&self, method: Method, path: &str, call: Call) -> Answer {
        self.send(method, path, call.headers, call.body.map(Into::into)).await
    }

    /// Returns a POST of a file that comes as it comes.
    pub async fn pour(&self, path: &str, file: reqwest::Body) -> Answer {
        self.send(Method::POST, path, vec![("content-type", "text/csv".to_owned())], Some(file)).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: Vec<(&'static str, String)>,
        body: Option<reqwest::Body>,
    ) -> Answer {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let answer = Answer {
            what: format!("{method} {path}"),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        };
        let media_type = answer.header("content-type");
        let wrong = DOCUMENT.wrong(method.as_str(), path, answer.status, media_type, &answer.text);
        assert!(wrong.is_empty(), "{} answered {} otherwise than documented: {wrong:#?}", answer.what, answer.status);
        answer
    }

    /// Begins to follow server-sent events.
    pub async fn events(&self, path: &str) -> Events {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        Events { response, buffer: String::new() }
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

/// Server-sent events as they come.
#[derive(Debug)]
pub struct Events {
    response: reqwest::Response,
    buffer: String,
}

impl Events {
    /// Returns the next event and its data; none at the end.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            while let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
                let found = field("event:").zip(field("data:"));
                let found = found.map(|(kind, data)| (kind.to_owned(), serde_json::from_str(data).unwrap()));
                self.buffer = String::from(rest);
                if found.is_some() {
                    return found;
                }
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.buffer.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}

/// Returns a form as the wire has it.
pub fn urlencoded(form: &[(String, String)]) -> String {
    let escape = |text: &str| {
        text.bytes()
            .map(
                |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") },
            )
            .collect::<String>()
    };
    form.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect::<Vec<_>>().join("&")
}
