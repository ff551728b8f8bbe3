//! A refusal of the api (problem+json).

use axum::{
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

const URN: &str = "urn:muster:problem:";

/// A refusal. As a handler's error it becomes a page (`security`).
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Problem {
    #[serde(rename = "type", default)]
    kind: String,
    /// The HTTP status.
    #[serde(default)]
    pub(crate) status: u16,
    /// The fault of this request, in English.
    #[serde(default)]
    pub(crate) detail: String,
    /// Seconds after which another try may succeed.
    #[serde(skip)]
    retry_after: Option<HeaderValue>,
}

/// The failure of an answer, for the page that is made of it.
#[derive(Debug, Clone)]
pub(crate) struct Failed(pub(crate) Problem);

impl Problem {
    /// Reads an answer that is no success.
    pub(crate) fn read(status: StatusCode, body: &[u8], retry_after: Option<HeaderValue>) -> Self {
        let read = serde_json::from_slice::<Self>(body).ok();
        let problem = read.unwrap_or_else(|| Self::own(status, "", String::new()));
        Self { status: status.as_u16(), retry_after, ..problem }
    }

    /// Returns a refusal of the console itself.
    pub(crate) fn own(status: StatusCode, kind: &str, detail: String) -> Self {
        Self { kind: format!("{URN}{kind}"), status: status.as_u16(), detail, retry_after: None }
    }

    /// Returns that there is no such thing.
    pub(crate) fn nothing() -> Self {
        Self::own(StatusCode::NOT_FOUND, "not-found", String::new())
    }

    /// Returns the type's word, such as `lease-expired`.
    pub(crate) fn word(&self) -> &str {
        self.kind.strip_prefix(URN).unwrap_or_default()
    }

    /// Returns the status.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Returns whether a form can be shown again with a sentence about it: the input or the state
    /// was not right, as opposed to the session, the rights, or the api.
    pub(crate) fn is_of_the_input(&self) -> bool {
        matches!(self.status, 400 | 409 | 412 | 413 | 422 | 429) || matches!(self.word(), "sign-in-failed")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(after) = &self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, after.clone());
        }
        response.extensions_mut().insert(Failed(self));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_read_and_anything_else_is_one_without_a_word() {
        let body = br#"{"type":"urn:muster:problem:thread-held","title":"t","status":409,"detail":"d","held_by":"x"}"#;
        let problem = Problem::read(StatusCode::CONFLICT, body, None);
        assert_eq!((problem.word(), problem.detail.as_str(), problem.status), ("thread-held", "d", 409));
        assert!(problem.is_of_the_input());
        let problem = Problem::read(StatusCode::BAD_GATEWAY, b"<html>", None);
        assert_eq!((problem.word(), problem.status), ("", 502));
        assert!(!problem.is_of_the_input());
    }
}
