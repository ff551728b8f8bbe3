//! `/v1/operator/dead-letters`: messages of the broker that could not be decoded.

mod list;
mod replay;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(list::list)).routes(endpoint!(replay::replay))
}
