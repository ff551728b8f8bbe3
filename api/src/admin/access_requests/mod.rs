//! `/v1/organizations/{organization_id}/access-requests`: everything that is held of one person, as
//! a file (rule R8).

mod body;
mod cancel;
mod create;
mod create_link;
mod get;
mod list;
mod list_links;

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
