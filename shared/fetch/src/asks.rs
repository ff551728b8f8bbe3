//! Small questions to a tenant's identity provider: the answer is read whole, up to a bound, and no
//! redirect is followed.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Client, RequestBuilder, redirect};
use tracing::Instrument;

use crate::{Error, Fetcher, Guard, broken, builder, record, span};

/// The longest that an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of an answer.
pub const ANSWER_LIMIT: usize = 256 * 1024;

/// A client that follows no redirect: one would take a secret elsewhere.
pub(crate) fn client(guard: &std::sync::Arc<Guard>) -> Result<Client, Error> {
    let client = builder(guard).redirect(redirect::Policy::none()).timeout(ANSWER_TIMEOUT).build();
    client.map_err(|error| Error::Broken(error.to_string()))
}

impl Fetcher {
    /// Asks for a small document.
    pub async fn read(&self, url: &str) -> Result<Bytes, Error> {
        let url = self.check(url)?;
        let span = span("GET", &url);
        self.answer(self.asks.get(url), &span).await
    }

    /// Posts a form, as the client of this name and secret (HTTP basic authentication).
    pub async fn post(&self, url: &str, client: (&str, &str), form: &[(&str, &str)]) -> Result<Bytes, Error> {
        let url = self.check(url)?;
        let span = span("POST", &url);
        let (name, secret) = client;
        self.answer(self.asks.post(url).basic_auth(name, Some(secret)).form(form), &span).await
    }

    async fn answer(&self, request: RequestBuilder, span: &tracing::Span) -> Result<Bytes, Error> {
        let answer = request.send().instrument(span.clone()).await;
        record(span, &answer);
        let mut response = answer.map_err(broken)?;
        if !response.status().is_success() {
            return Err(Error::Status(response.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if bytes.len() + chunk.len() > ANSWER_LIMIT {
                return Err(Error::Refused(format!("the answer has more than {ANSWER_LIMIT} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.into())
    }
}

impl Fetcher {
    /// Returns an address of the provider's with parameters, if it may be asked.
    pub fn with_query(&self, url: &str, parameters: &[(&str, &str)]) -> Result<String, Error> {
        let mut url = self.check(url)?;
        url.query_pairs_mut().extend_pairs(parameters);
        Ok(url.into())
    }
}
