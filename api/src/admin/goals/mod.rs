//! `/v1/organizations/{organization_id}/goals`.

pub(crate) mod body;
pub(crate) mod change;
pub(crate) mod close;
mod create;
mod duplicate;
mod edit;
mod forecast;
mod get;
pub(crate) mod input;
pub(crate) mod launch;
mod list;
pub(crate) mod pause;
pub(crate) mod preview;
mod preview_contacts;
mod preview_texts;
pub(crate) mod resume;
pub(crate) mod stats;

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
        .routes(endpoint!(stats::get))
        .routes(endpoint!(preview::preview))
        .routes(endpoint!(preview_contacts::list))
        .routes(endpoint!(preview_texts::texts))
        .routes(endpoint!(forecast::get))
}
