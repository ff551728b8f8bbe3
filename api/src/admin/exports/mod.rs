//! `/v1/organizations/{organization_id}/exports`: records as files (rule E1).

mod body;
mod cancel;
pub(crate) mod create;
pub(crate) mod create_link;
mod filter;
mod get;
mod list;
pub(crate) mod list_links;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(cancel::cancel))
        .routes(endpoint!(create_link::create))
        .routes(endpoint!(list_links::list))
}
