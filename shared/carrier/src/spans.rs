//! Client spans of requests to the carrier, by OpenTelemetry's semantic conventions for HTTP. A URL
//! is told as the caller words it: without numbers, query or credentials (rule R5).

use reqwest::{RequestBuilder, Response, Url};
use tracing::{Instrument, Span, field::Empty, info_span};

/// Sends a GET within a span of its own; `told` is its URL as the span says it.
pub(crate) async fn get(name: &'static str, told: &str, request: RequestBuilder) -> reqwest::Result<Response> {
    let span = info_span!(
        "request",
        otel.name = name,
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = "GET",
        url.full = Empty,
        server.address = Empty,
        server.port = Empty,
        http.response.status_code = Empty,
        "error.type" = Empty,
    );
    sent(&span, told, request).instrument(span.clone()).await
}

/// Sends a request and records where it went and how it ended in a span that has these fields.
pub(crate) async fn sent(span: &Span, told: &str, request: RequestBuilder) -> reqwest::Result<Response> {
    span.record("url.full", told);
    if let Ok(url) = Url::parse(told) {
        span.record("server.address", url.host_str());
        span.record("server.port", url.port_or_known_default().map(i64::from));
    }
    let answer = request.send().await;
    let failed = match &answer {
        Ok(response) => {
            let status = response.status();
            span.record("http.response.status_code", i64::from(status.as_u16()));
            (status.is_client_error() || status.is_server_error()).then(|| status.as_u16().to_string())
        }
        Err(error) => Some(kind(error).to_owned()),
    };
    if let Some(kind) = failed {
        span.record("error.type", kind);
        span.record("otel.status_code", "ERROR");
    }
    answer
}

/// Returns how a request failed, as a word.
fn kind(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connect"
    } else {
        "_OTHER"
    }
}
