//! `/v1/organizations/{organization_id}/campaigns`.

mod act;
mod create;
mod get;
mod goals;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(create::create)).routes(endpoint!(get::get)).routes(endpoint!(act::act))
}
