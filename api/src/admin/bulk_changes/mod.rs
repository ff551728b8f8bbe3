//! `/v1/organizations/{organization_id}/bulk-changes`: one action on all contacts that match a
//! filter (rule C16).

mod body;
mod cancel;
mod create;
mod get;
mod list;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(cancel::cancel))
}
