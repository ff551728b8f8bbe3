//! `/v1/organizations/{organization_id}/campaigns`.

mod act;
mod add_groups;
mod create;
mod edit;
mod follow_up;
mod forecast;
mod get;
mod goals;
mod launch;
pub(crate) mod list;
mod preview;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(edit::put))
        .routes(endpoint!(launch::launch))
        .routes(endpoint!(act::act))
        .routes(endpoint!(add_groups::add_groups))
        .routes(endpoint!(follow_up::follow_up))
        .routes(endpoint!(preview::preview))
        .routes(endpoint!(forecast::get))
}
