//! `/v1/downloads`: files by links that admins made (rule E1). A link's secret is all that is asked
//! for.

pub(crate) mod client;
mod get;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(get::get))
}
