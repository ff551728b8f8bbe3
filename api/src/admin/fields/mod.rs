//! `/v1/organizations/{organization_id}/fields`: custom fields.

mod body;
mod create;
mod delete;
mod edit;
mod get;
mod list;
mod merge;
mod rename;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(edit::patch))
        .routes(endpoint!(delete::delete))
        .routes(endpoint!(merge::merge))
        .routes(endpoint!(rename::rename))
}
