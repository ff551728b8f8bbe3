//! `/livez`, `/readyz` and `/metrics`: the same for every process.
//!
//! Live: the process runs. Ready: it can do its work now; the answer names the missing parts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
    },
    response::IntoResponse,
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    metrics::Metrics,
    serve::{self, Connections, Limits},
};

/// Needs of a process, and whether each is met. Parts report themselves, so that a probe costs
/// nothing.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<Mutex<BTreeMap<&'static str, Result<(), String>>>>);

impl Readiness {
    /// Begins not ready, for each of these parts.
    pub fn awaiting(parts: &[&'static str]) -> Self {
        let parts = parts.iter().map(|part| (*part, Err("has not been reached yet".to_owned()))).collect();
        Self(Arc::new(Mutex::new(parts)))
    }

    /// A part reports.
    pub fn report(&self, part: &'static str, state: Result<(), String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(part, state);
    }

    /// Returns the missing parts.
    pub fn problems(&self) -> BTreeMap<&'static str, String> {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        parts.iter().filter_map(|(part, state)| state.as_ref().err().map(|why| (*part, why.clone()))).collect()
    }
}

/// Returns the routes.
pub fn routes(readiness: Readiness, metrics: Metrics) -> Router {
    Router::new()
        .route("/livez", get(|| async { "live" }))
        .route("/readyz", get(readyz))
        .with_state(readiness)
        .merge(Router::new().route("/metrics", get(scrape)).with_state(metrics))
}

async fn readyz(State(readiness): State<Readiness>) -> impl IntoResponse {
    let problems = readiness.problems();
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(problems))
}

async fn scrape(State(metrics): State<Metrics>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], metrics.encode())
}

/// Returns the answer on connections for which there is no room.
pub fn no_room() -> Router {
    let problem = r#"{"type":"urn:muster:problem:unavailable","title":"Temporarily unavailable","status":503,"detail":"there are too many connections; try again"}"#;
    let headers = [(CONTENT_TYPE, "application/problem+json"), (RETRY_AFTER, "2"), (CACHE_CONTROL, "no-store")];
    Router::new().fallback(move || async move { (StatusCode::SERVICE_UNAVAILABLE, headers, problem) })
}

/// The bounds of a listener that is for health alone.
const LIMITS: Limits = Limits {
    connections: 64,
    header: Duration::from_secs(5),
    idle: Duration::from_secs(75),
    write: Duration::from_secs(10),
};

/// Serves the routes of health on a listener of their own until the token is cancelled and requests
/// under way are answered.
pub async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) -> std::io::Result<()> {
    serve::serve(listener, routes, no_room(), LIMITS, Connections::default(), stop).await
}
