//! Errors as RFC 9457 problem details. A problem's `type` is stable: clients may match on it.

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use muster_service::clock;
use serde::Serialize;
use serde_json::{Map, Value};

/// An error as the client sees it.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    /// Stable: `urn:muster:problem:` and a word.
    #[serde(rename = "type")]
    kind: String,
    /// Meaning of the type.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// Fault of this request.
    detail: String,
    /// More members, by type.
    #[serde(flatten)]
    more: Map<String, Value>,
    /// The token that came is of no use, as opposed to none having come.
    #[serde(skip)]
    bad_token: bool,
    /// Seconds after which another try may succeed, where they are known.
    #[serde(skip)]
    retry_after: Option<i64>,
}

impl Problem {
    /// Returns the same refusal of a request with a faultless body: the record conflicts with its
    /// surroundings.
    pub(crate) fn into_conflict(self) -> Self {
        if self.status == 422 { Self::conflict(self.detail) } else { self }
    }

    /// Returns the same refusal of a value that came as a parameter.
    pub(crate) fn of_a_parameter(self) -> Self {
        if self.status == 422 { Self::invalid_parameter(self.detail) } else { self }
    }
}

macro_rules! problems {
    ($($(#[$doc:meta])* $function:ident = $word:literal, $status:ident, $title:literal;)+) => {
        impl Problem {
            $($(#[$doc])*
            pub(crate) fn $function(detail: impl Into<String>) -> Self {
                Self {
                    kind: concat!("urn:muster:problem:", $word).to_owned(),
                    title: $title,
                    status: StatusCode::$status.as_u16(),
                    detail: detail.into(),
                    more: Map::new(),
                    bad_token: false,
                    retry_after: None,
                }
            })+

            /// Every type that this API answers, for its documentation.
            pub(crate) const TYPES: &[(&str, u16, &str)] =
                &[$((concat!("urn:muster:problem:", $word), StatusCode::$status.as_u16(), $title)),+];
        }
    };
}

problems! {
    /// The request's path, query or headers cannot be read.
    invalid_parameter = "invalid-parameter", BAD_REQUEST, "A parameter cannot be read";
    /// The body cannot be read or breaks a rule.
    invalid_body = "invalid-body", UNPROCESSABLE_ENTITY, "The body cannot be read or breaks a rule";
    /// No token, or none that is in force.
    unauthenticated = "unauthenticated", UNAUTHORIZED, "A valid bearer token is needed";
    /// The role does not allow it.
    forbidden = "forbidden", FORBIDDEN, "The role does not allow this";
    /// Nothing there for this caller.
    not_found = "not-found", NOT_FOUND, "There is no such thing";
    /// The path exists, not with this method.
    method_not_allowed = "method-not-allowed", METHOD_NOT_ALLOWED, "The method is not allowed here";
    /// The state does not allow it.
    conflict = "conflict", CONFLICT, "The present state does not allow this";
    /// Somebody else has edited it.
    edited_meanwhile = "edited-meanwhile", PRECONDITION_FAILED, "It was edited meanwhile";
    /// The lease ran out (rule B3).
    lease_expired = "lease-expired", CONFLICT, "The lease has expired";
    /// The fencing token is old (rule B3).
    lease_stale = "lease-stale", CONFLICT, "The lease token is stale";
    /// The group has as many contacts as it may (rule A2).
    group_full = "group-full", CONFLICT, "The group has as many contacts as it may";
    /// The agent has as many contacts in the group as they may (rule A2).
    agent_full = "agent-full", CONFLICT, "The agent has as many contacts in the group as they may";
    /// Another agent holds the thread (rule W2).
    thread_held = "thread-held", CONFLICT, "Another agent holds this thread";
    /// An agent has replied as often in a conversation as is allowed within an hour.
    reply_limit = "reply-limit", TOO_MANY_REQUESTS, "That is as many replies in a conversation as are allowed";
    /// The organization wants a request for each text (rule W9).
    one_contact_a_request = "one-contact-a-request", CONFLICT, "Each text needs a request of its own";
    /// The text goes as it is written (rule W9).
    edit_not_allowed = "edit-not-allowed", CONFLICT, "The text may not be edited";
    /// There is no free number of the area code (rule A3).
    no_sender_number = "no-sender-number", CONFLICT, "No sender number is free";
    /// The key was used for another request.
    idempotency_key_reused = "idempotency-key-reused", UNPROCESSABLE_ENTITY,
        "The Idempotency-Key was used for another request";
    /// The upload is too large.
    too_large = "too-large", PAYLOAD_TOO_LARGE, "The upload is too large";
    /// The webhook's signature is not the carrier's (rule I1).
    bad_signature = "bad-signature", FORBIDDEN, "The signature is not the carrier's";
    /// A form takes sign-ups from other pages than this.
    foreign_origin = "foreign-origin", FORBIDDEN, "The form takes no sign-ups from this origin";
    /// A change that a session's cookie came with was asked for by a page of another origin.
    cross_site = "cross-site", FORBIDDEN, "The request comes from another site's page";
    /// A code, a link or an identity is not the right one.
    sign_in_failed = "sign-in-failed", FORBIDDEN, "The sign-in failed";
    /// More sign-ins come than are allowed.
    sign_in_limit = "sign-in-limit", TOO_MANY_REQUESTS, "That is as many sign-ins as are allowed";
    /// More sign-ups come than the form takes.
    sign_up_limit = "sign-up-limit", TOO_MANY_REQUESTS, "That is as many sign-ups as are allowed";
    /// A token, a session or an account makes more requests than are allowed.
    rate_limit = "rate-limit", TOO_MANY_REQUESTS, "That is as many requests as are allowed";
    /// The tenant asks for more than its share, and more of it waits than may.
    too_many_requests = "too-many-requests", TOO_MANY_REQUESTS, "Too many requests at once";
    /// The request did not come in, in time.
    request_timeout = "request-timeout", REQUEST_TIMEOUT, "The request came too slowly";
    /// The database does not answer.
    unavailable = "unavailable", SERVICE_UNAVAILABLE, "Temporarily unavailable";
    /// A fault of ours.
    internal = "internal", INTERNAL_SERVER_ERROR, "An internal error";
}

impl Problem {
    /// Adds a member.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Says after how many seconds another try may succeed.
    pub(crate) const fn after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Returns a token came that is not in force.
    pub(crate) fn invalid_token(detail: impl Into<String>) -> Self {
        Self { bad_token: true, ..Self::unauthenticated(detail) }
    }

    /// Returns the answer of every endpoint to an id that is not the caller's.
    pub(crate) fn no(what: &str) -> Self {
        Self::not_found(format!("there is no such {what}"))
    }
}

const NO_TOKEN: &str = "Bearer realm=\"muster\"";
const INVALID_TOKEN: &str = "Bearer realm=\"muster\", error=\"invalid_token\"";

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
        // RFC 6750: the error is told where a token came.
        let challenge = if self.bad_token { INVALID_TOKEN } else { NO_TOKEN };
        let header = match status {
            StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, challenge)),
            StatusCode::TOO_MANY_REQUESTS => Some((RETRY_AFTER, "1")),
            StatusCode::SERVICE_UNAVAILABLE => Some((RETRY_AFTER, "2")),
            _ => None,
        };
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

/// Returns at least so many seconds, others for each caller: a crowd that is put off would
/// come again all at once.
fn spread(seconds: i64) -> i64 {
    let later = clock::jitter();
    seconds + i64::from(later >= 1.0 / 3.0) + i64::from(later >= 2.0 / 3.0)
}

impl From<muster_storage::Error> for Problem {
    fn from(error: muster_storage::Error) -> Self {
        if matches!(error, muster_storage::Error::Busy { everywhere: false }) {
            let problem = Self::too_many_requests("more of your organization's requests wait than may; try again");
            return problem.after(spread(1));
        }
        if matches!(error, muster_storage::Error::Away) {
            return Self::unavailable("the database is away; try again");
        }
        if matches!(error, muster_storage::Error::Busy { everywhere: true }) {
            return Self::unavailable("more requests wait than may; try again").after(spread(2));
        }
        if error.is_contention() {
            tracing::warn!(%error, "a request met another one");
            return Self::unavailable("another change was under way and nothing was changed; try again");
        }
        if error.is_passing() {
            tracing::warn!(%error, "the database does not answer");
            return Self::unavailable("the database does not answer; try again");
        }
        tracing::error!(%error, "a request failed");
        Self::internal("the request failed and changed nothing; it was logged")
    }
}

impl From<muster_objects::NotTakenIn> for Problem {
    fn from(error: muster_objects::NotTakenIn) -> Self {
        match error {
            muster_objects::NotTakenIn::Refused(why) => Self::invalid_body(why.to_string()),
            error @ muster_objects::NotTakenIn::TooLarge { .. } => Self::too_large(error.to_string()),
            muster_objects::NotTakenIn::BrokeOff(_) => Self::invalid_body("the upload broke off"),
            muster_objects::NotTakenIn::Store(error) => error.into(),
        }
    }
}

impl From<muster_objects::Error> for Problem {
    fn from(error: muster_objects::Error) -> Self {
        match error {
            error if error.is_unavailable() => {
                tracing::warn!(%error, "the object store does not answer");
                Self::unavailable("the object store does not answer; try again")
            }
            error => {
                tracing::error!(%error, "a request failed");
                Self::internal("the request failed and changed nothing; it was logged")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_crowd_that_is_put_off_is_not_told_to_come_again_all_at_once() {
        for (everywhere, told) in [(false, ["1", "2", "3"]), (true, ["2", "3", "4"])] {
            let after = |_| {
                let response = Problem::from(muster_storage::Error::Busy { everywhere }).into_response();
                response.headers()[RETRY_AFTER].to_str().unwrap().to_owned()
            };
            let seen: BTreeSet<_> = (0..1_000).map(after).collect();
            assert_eq!(seen.into_iter().collect::<Vec<_>>(), told);
        }
    }
}
