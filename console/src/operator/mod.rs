//! `/operator`: the pages of operators. Each asks the operators' API with the token that the
//! operator has signed in with (`session`).

mod overview;
pub(crate) mod session;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{Console, visit::nothing};

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/", get(overview::show))
        .route("/sign-in", get(session::show).post(session::enter))
        .route("/sign-out", post(session::leave))
        .fallback(nothing)
}
