//! A span and a counter for every request.

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use muster_service::{clock, trace};
use tracing::{Instrument, info_span};

use crate::state::{Api, RequestLabels};

/// Returns a request's method as spans name it: a method that HTTP does not have is the caller's
/// own words.
fn method_of(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "TRACE" => "TRACE",
        "CONNECT" => "CONNECT",
        _ => "_OTHER",
    }
}

/// Runs a request within its span, which continues the caller's trace. The route's pattern is
/// recorded, never the path: it is the caller's, and may name anybody (rule R5).
pub(crate) async fn request(State(api): State<Api>, request: Request, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let method = method_of(request.method());
    let verb = if method == "_OTHER" { "HTTP" } else { method };
    let span = info_span!(
        "request",
        otel.name = matched.as_ref().map_or_else(|| verb.to_owned(), |route| format!("{verb} {route}")),
        otel.kind = "server",
        otel.status_code = tracing::field::Empty,
        http.request.method = method,
        http.route = matched,
        http.response.status_code = tracing::field::Empty,
        "error.type" = tracing::field::Empty,
        url.scheme = api.settings.carrier.public_url.split("://").next(),
    );
    let route = matched.unwrap_or_else(|| "unmatched".to_owned());
    let traceparent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    trace::set_parent(&span, traceparent);
    let started = clock::start();
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    trace::record_status(&span, status);
    if response.status().is_server_error() {
        trace::record_error(&span, &status.to_string());
    }
    span.in_scope(|| tracing::debug!(status, took_ms = started.elapsed().as_millis(), "answered"));
    api.requests.get_or_create(&RequestLabels { route, status }).inc();
    response
}
