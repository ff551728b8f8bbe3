//! An answer of the API, and the words in which tests judge it.

use anyhow::bail;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Method and path of the request.
    pub request: String,
    /// The HTTP status.
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

    /// Returns whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the JSON of the body; a string where it is something else, and null where it is
    /// empty.
    pub fn body(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text).unwrap_or_else(|_| Value::String(self.text.clone()))
    }

    /// Returns the body of a success; anything else is an error.
    pub fn success(&self) -> anyhow::Result<Value> {
        if self.is_success() {
            return Ok(self.body());
        }
        bail!("{} answers {}: {}", self.request, self.status, self.text);
    }

    /// Returns the body of a 2xx; null when it is empty.
    ///
    /// # Panics
    ///
    /// With any other status or body: it is a test's word.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!(self.is_success(), "{} answered {}: {}", self.request, self.status, self.text);
        if self.text.is_empty() {
            return Value::Null;
        }
        let read = serde_json::from_str(&self.text);
        read.unwrap_or_else(|error| panic!("{} answered no JSON, {error}: {}", self.request, self.text))
    }

    /// Returns the differences from a problem+json with this status and type, if any.
    pub fn wrong_problem(&self, wanted: &[(u16, &str)]) -> Option<String> {
        let seen = || format!("{} answered {} {:?}, wanted {wanted:?}", self.request, self.status, self.text);
        let body = self.body();
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
    ///
    /// # Panics
    ///
    /// With any other answer: it is a test's word.
    #[track_caller]
    pub fn problem(&self, status: u16, kind: &str) -> Value {
        let wrong = self.wrong_problem(&[(status, kind)]);
        assert!(wrong.is_none(), "{}", wrong.unwrap_or_default());
        self.body()
    }
}
