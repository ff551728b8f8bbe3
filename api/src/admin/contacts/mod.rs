//! `/v1/organizations/{organization_id}/contacts`.

mod body;
mod create;
mod edit;
pub(crate) mod filter;
mod get;
mod input;
mod list;
mod opt_in;
mod opt_out;
pub(crate) mod reach;
mod why;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(edit::patch))
        .routes(endpoint!(opt_out::opt_out))
        .routes(endpoint!(opt_in::opt_in))
        .routes(endpoint!(why::get))
}
