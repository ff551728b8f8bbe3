//! `/app`: the pages of admins.

mod account;
mod home;

use axum::{Router, routing::get};

use crate::{Console, visit::nothing};

/// Returns the routes.
pub(crate) fn routes() -> Router<Console> {
    Router::new().route("/", get(home::show)).fallback(nothing)
}
