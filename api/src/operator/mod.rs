//! Endpoints for operators of the installation (rule A5): no tenant's data beyond ids.

mod me;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(me::get))
}
