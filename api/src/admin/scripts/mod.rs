//! `/v1/organizations/{organization_id}/scripts`: the organization's library of scripts (rule W9).

mod archive;
mod body;
mod create;
mod edit;
mod get;
mod list;
mod unarchive;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(list::list))
        .routes(endpoint!(create::create))
        .routes(endpoint!(get::get))
        .routes(endpoint!(edit::patch))
        .routes(endpoint!(archive::archive))
        .routes(endpoint!(unarchive::unarchive))
}
