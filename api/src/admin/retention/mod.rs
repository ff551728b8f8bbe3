//! `/v1/organizations/{organization_id}/retention`: records that leave (rule R7).

mod contacts;
mod get;
mod list_runs;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(get::get))
        .routes(endpoint!(contacts::list))
        .routes(endpoint!(list_runs::list))
}
