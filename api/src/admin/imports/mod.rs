//! `/v1/organizations/{organization_id}/imports`.

mod body;
mod cancel;
mod changes;
mod definition;
pub(crate) mod events;
mod get;
mod list;
mod preview;
mod rejects;
mod undo;
mod upload;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(upload::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(preview::show))
        .routes(endpoint!(get::get))
        .routes(endpoint!(events::follow))
        .routes(endpoint!(changes::list))
        .routes(endpoint!(undo::undo))
        .routes(endpoint!(cancel::cancel))
        .routes(endpoint!(rejects::rejects))
}
