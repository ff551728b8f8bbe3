//! `/v1/operator/schedules`: recurring schedules and their ticks (engine promise J11).

mod body;
mod disable;
mod edit;
mod enable;
mod get;
mod list;
mod preview;
mod run;
mod ticks;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(ticks::list))
        .routes(endpoint!(preview::list))
        .routes(endpoint!(edit::edit))
        .routes(endpoint!(run::run))
        .routes(endpoint!(enable::enable))
        .routes(endpoint!(disable::disable))
}
