//! A span and a counter for every request.

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use muster_service::{clock, trace};
use tracing::{Instrument, info_span};

use crate::state::{Api, RequestLabels};

/// Runs a request within its span, which continues the caller's trace. The route's pattern is recorded, not the path.
pub(crate) async fn request(State(api): State<Api>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let span = info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = %method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
    );
    let traceparent = request.headers().get("traceparent").and_then(|value| value.to_str().ok());
    trace::set_parent(&span, traceparent);
    let started = clock::start();
    let response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    span.record("http.response.status_code", status);
    span.in_scope(|| tracing::debug!(status, took_ms = started.elapsed().as_millis(), "answered"));
    api.requests.get_or_create(&RequestLabels { route, status }).inc();
    response
}
