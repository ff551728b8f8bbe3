//! Twilio's error answers: one table of codes, statuses and words.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// A request that is refused with an error in Twilio's shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: u32,
    status: StatusCode,
    message: &'static str,
}

impl Refusal {
    /// Returns the refusal that a code stands for; a code that is not in the table is a bad
    /// request.
    pub(crate) fn of(code: u32) -> Self {
        let (status, message) = match code {
            20001 => (StatusCode::BAD_REQUEST, "The parameters cannot be read"),
            20003 => (StatusCode::UNAUTHORIZED, "Authenticate"),
            20404 => (StatusCode::NOT_FOUND, "The requested resource was not found"),
            20429 => (StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
            20500 => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
            20503 => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
            21211 => (StatusCode::BAD_REQUEST, "Invalid 'To' Phone Number"),
            21212 => (StatusCode::BAD_REQUEST, "Invalid 'From' Phone Number"),
            21602 => (StatusCode::BAD_REQUEST, "Message body is required"),
            21609 => (StatusCode::BAD_REQUEST, "Invalid StatusCallback URL"),
            21610 => (StatusCode::BAD_REQUEST, "Attempt to send to unsubscribed recipient"),
            21611 => (StatusCode::BAD_REQUEST, "This 'From' number has too many queued messages"),
            21614 => (StatusCode::BAD_REQUEST, "'To' number is not a valid mobile number"),
            21617 => (StatusCode::BAD_REQUEST, "The message body is over 1600 characters"),
            21624 => (StatusCode::BAD_REQUEST, "Invalid validity period value"),
            21635 => (StatusCode::BAD_REQUEST, "'To' number cannot be a landline"),
            _ => (StatusCode::BAD_REQUEST, "Bad Request"),
        };
        Self { code, status, message }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status.as_u16(),
        });
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let realm = HeaderValue::from_static("Basic realm=\"Twilio API\"");
            headers.insert(header::WWW_AUTHENTICATE, realm);
        }
        response
    }
}
