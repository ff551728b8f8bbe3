//! `/v1/organizations`: settings, caps, rates, laws and numbers.

mod add_numbers;
mod body;
mod brand;
mod caps;
mod create;
mod edit;
mod end_hold;
mod get;
mod laws;
mod list;
mod list_numbers;
mod rates;
mod registered_campaigns;
pub(crate) mod settings;
mod test_phone;
mod tiers;

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
        .routes(endpoint!(tiers::list))
        .routes(endpoint!(tiers::get))
        .routes(endpoint!(tiers::put))
        .routes(endpoint!(laws::get))
        .routes(endpoint!(laws::put))
        .routes(endpoint!(rates::get))
        .routes(endpoint!(rates::put))
        .routes(endpoint!(end_hold::end_hold))
        .routes(endpoint!(registered_campaigns::list))
        .routes(endpoint!(registered_campaigns::create))
        .routes(endpoint!(registered_campaigns::put))
        .routes(endpoint!(registered_campaigns::put_numbers))
        .routes(endpoint!(test_phone::get))
        .routes(endpoint!(add_numbers::add))
        .routes(endpoint!(list_numbers::list))
}
