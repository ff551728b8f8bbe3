//! Requests are answered once the database has confirmed the key of phone hashes (rule R4), and
//! while it is none that came back from a backup (rule R6).
//!
//! With another key the api would not find the opt-outs of redacted people, so that not even the
//! first request may be served before the check. A backup shows people that were erased since.

use std::sync::atomic::Ordering;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{problem::Problem, state::Api};

/// Refuses a request with 503 and `Retry-After` until the keys are confirmed and a restore is over.
pub(crate) async fn confirmed(State(api): State<Api>, request: Request, next: Next) -> Response {
    if api.restored.load(Ordering::Acquire) {
        Problem::unavailable("the database came back from a backup, and the ledger is not replayed into it yet")
            .into_response()
    } else if api.keys_confirmed.load(Ordering::Acquire) {
        next.run(request).await
    } else {
        Problem::unavailable("the api starts: the database has not confirmed its keys yet; try again").into_response()
    }
}
