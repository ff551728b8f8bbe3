//! A request to the api.

use std::fmt::Display;

use axum::{
    body::{Body, to_bytes},
    http::{
        HeaderName, HeaderValue, Method, Request, StatusCode,
        header::{ACCEPT, CONTENT_TYPE, ETAG, IF_MATCH, RETRY_AFTER, SET_COOKIE},
    },
    response::Response,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tower::ServiceExt as _;

use crate::{
    client::{Operation, Problem},
    visit::Visit,
};

/// Bytes of an answer that are read at most; a page of a list is far below.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// A request that is not made yet.
#[must_use]
#[derive(Debug)]
pub(crate) struct Call<'v> {
    visit: &'v Visit,
    operation: &'static Operation,
    path: String,
    query: Vec<(String, String)>,
    body: Body,
    headers: Vec<(HeaderName, String)>,
    is_harmless: bool,
}

/// An answer with its headers.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    /// The body.
    pub(crate) body: T,
    /// For [`Call::if_match`] of an edit.
    pub(crate) etag: Option<String>,
    /// Cookies for the browser.
    cookies: Vec<HeaderValue>,
}

impl<T> Answer<T> {
    /// Hands the answer's cookies on to the browser.
    pub(crate) fn cookies_on(&self, mut response: Response) -> Response {
        for cookie in &self.cookies {
            response.headers_mut().append(SET_COOKIE, cookie.clone());
        }
        response
    }
}

/// A page of a list.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct List<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// The cursor of the next page.
    pub(crate) next: Option<String>,
}

impl<'v> Call<'v> {
    pub(crate) fn new(visit: &'v Visit, operation: &'static Operation, path: &[&str]) -> Self {
        Self {
            visit,
            operation,
            path: operation.at(path),
            query: Vec::new(),
            body: Body::empty(),
            headers: Vec::new(),
            is_harmless: operation.reads,
        }
    }

    /// Adds a parameter of the query.
    pub(crate) fn query(mut self, name: &str, value: impl Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a parameter of the query, where there is a value.
    pub(crate) fn query_some(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Gives it a body of JSON.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        // Values made of our own structs can be written.
        self.body = Body::from(serde_json::to_vec(body).unwrap_or_default());
        self.header(CONTENT_TYPE, "application/json")
    }

    /// Gives it a body as it came, such as a file, with its type.
    pub(crate) fn body(mut self, body: Body, content_type: &str) -> Self {
        self.body = body;
        self.header(CONTENT_TYPE, content_type)
    }

    /// Gives it the key by which a repetition is known, if there is one.
    pub(crate) fn key(self, key: &str) -> Self {
        if key.is_empty() { self } else { self.header(IDEMPOTENCY_KEY, key) }
    }

    /// Lets it edit the version that was shown.
    pub(crate) fn if_match(self, etag: &str) -> Self {
        self.header(IF_MATCH, etag)
    }

    /// Says that it changes nothing this time, so that a page may ask it that is only looked at.
    pub(crate) fn harmless(mut self) -> Self {
        self.is_harmless = true;
        self
    }

    fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Makes the request; returns the answer's body.
    pub(crate) async fn read<T: DeserializeOwned>(self) -> Result<T, Problem> {
        self.answer().await.map(|answer| answer.body)
    }

    /// Makes the request; returns the answer with its headers.
    pub(crate) async fn answer<T: DeserializeOwned>(self) -> Result<Answer<T>, Problem> {
        let operation = self.operation;
        let response = self.stream().await?;
        let headers = response.headers();
        let etag = headers.get(ETAG).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
        let cookies = headers.get_all(SET_COOKIE).iter().cloned().collect();
        let bytes = to_bytes(response.into_body(), ANSWER_LIMIT).await.map_err(|_| unreadable(operation))?;
        // An answer without a body is `()`.
        let text: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
        let body = serde_json::from_slice(text).map_err(|error| {
            tracing::error!(%error, operation = operation.path, "an answer of the api cannot be read");
            unreadable(operation)
        })?;
        Ok(Answer { body, etag, cookies })
    }

    /// Makes the request of which the answer is not looked at.
    pub(crate) async fn done(self) -> Result<(), Problem> {
        self.stream().await.map(drop)
    }

    /// Makes the request; returns the answer as it comes, for files and events.
    pub(crate) async fn stream(self) -> Result<Response, Problem> {
        let Self { visit, operation, mut path, query, body, headers, is_harmless } = self;
        if !query.is_empty() {
            path.push('?');
            path.push_str(&serde_urlencoded::to_string(query).unwrap_or_default());
        }
        let (carried, extensions) = visit.credentials()?;
        let mut request = Request::new(body);
        *request.method_mut() = operation.method.clone();
        *request.uri_mut() = path.parse().map_err(|_| unreadable(operation))?;
        *request.headers_mut() = carried;
        *request.extensions_mut() = extensions;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("*/*"));
        if is_harmless && operation.method != Method::GET {
            request.headers_mut().insert(SEC_FETCH_SITE, HeaderValue::from_static("same-origin"));
        }
        for (name, value) in headers {
            let value = HeaderValue::try_from(value).map_err(|_| {
                Problem::own(StatusCode::BAD_REQUEST, "invalid-parameter", format!("{name} cannot be read"))
            })?;
            request.headers_mut().insert(name, value);
        }
        // The api answers every request.
        let Ok(response) = visit.api().oneshot(request).await;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = response.headers().get(RETRY_AFTER).cloned();
        let bytes = to_bytes(response.into_body(), ANSWER_LIMIT).await.unwrap_or_default();
        Err(Problem::read(status, &bytes, retry_after))
    }
}

fn unreadable(operation: &Operation) -> Problem {
    let detail = format!("the answer of {} cannot be read", operation.path);
    Problem::own(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
}
