//! `/v1/organizations/{organization_id}/conversations`.

pub(crate) mod body;
mod get;
mod list;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(list::list)).routes(endpoint!(get::get))
}
