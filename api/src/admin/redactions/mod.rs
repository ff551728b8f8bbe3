//! `/v1/redactions`.

mod create;
mod get;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(create::create)).routes(endpoint!(get::get))
}
