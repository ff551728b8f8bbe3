//! `/v1/operator/doctor`: is everything as it should be, and does it add up?

mod get;
mod repair;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(get::get)).routes(endpoint!(repair::repair))
}
