//! `/v1/operator/daemons`: the processes of the installation.

mod drain;
mod list;
mod undrain;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(list::list))
        .routes(endpoint!(drain::drain))
        .routes(endpoint!(undrain::undrain))
}
