//! `/v1/organizations/{organization_id}/opt-outs`: opt-outs in force, by number and by recency.

mod body;
mod export;
mod list;
mod lookup;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(list::list))
        .routes(endpoint!(export::export))
        .routes(endpoint!(lookup::lookup))
}
