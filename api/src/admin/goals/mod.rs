//! `/v1/organizations/{organization_id}/goals`.

mod activity;
pub(crate) mod body;
pub(crate) mod change;
pub(crate) mod close;
mod create;
mod duplicate;
pub(crate) mod edit;
mod follow_up;
pub(crate) mod forecast;
mod get;
pub(crate) mod input;
pub(crate) mod launch;
pub(crate) mod list;
pub(crate) mod pause;
pub(crate) mod preview;
mod preview_contacts;
mod preview_texts;
pub(crate) mod responses;
pub(crate) mod resume;
pub(crate) mod stats;
mod test_text;

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
        .routes(endpoint!(pause::pause))
        .routes(endpoint!(resume::resume))
        .routes(endpoint!(close::close))
        .routes(endpoint!(duplicate::duplicate))
        .routes(endpoint!(follow_up::follow_up))
        .routes(endpoint!(stats::get))
        .routes(endpoint!(activity::get))
        .routes(endpoint!(test_text::test_text))
        .routes(endpoint!(preview::preview))
        .routes(endpoint!(preview_contacts::list))
        .routes(endpoint!(preview_texts::texts))
        .routes(endpoint!(forecast::get))
}
