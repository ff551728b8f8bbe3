//! `/v1/account`.

mod edit;
mod get;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(get::get)).routes(endpoint!(edit::patch))
}
