//! `/v1/organizations/{organization_id}/conversations`.

mod assign;
pub(crate) mod body;
mod failure;
mod get;
pub(crate) mod list;
pub(crate) mod search;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(list::list)).routes(endpoint!(get::get)).routes(endpoint!(assign::assign))
}
