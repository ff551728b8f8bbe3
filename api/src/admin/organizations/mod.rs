//! `/v1/organizations`: settings, caps, rates, laws and numbers.

mod add_numbers;
mod body;
mod caps;
mod create;
mod edit;
mod end_hold;
mod get;
mod laws;
mod list;
mod rates;
mod settings;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(edit::patch))
        .routes(endpoint!(caps::get))
        .routes(endpoint!(caps::put))
        .routes(endpoint!(laws::get))
        .routes(endpoint!(laws::put))
        .routes(endpoint!(rates::get))
        .routes(endpoint!(rates::put))
        .routes(endpoint!(end_hold::end_hold))
        .routes(endpoint!(add_numbers::add))
}
