//! `/v1/sign-ups`: forms by which people sign up themselves, open to anybody (rule C16).
//!
//! An answer never tells whether a number is known: every sign-up that the form takes gets the
//! same one.

mod cross_origin;
mod get;
pub(crate) mod preflight;
mod submit;
pub(crate) mod visitor;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(get::get)).routes(endpoint!(submit::submit))
}
