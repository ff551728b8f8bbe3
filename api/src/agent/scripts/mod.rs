//! `/v1/agent/scripts`: an agent's own scripts, and the scripts that they may use in a goal or a
//! conversation (rules G5 and W9).

mod body;
mod create;
mod delete;
mod edit;
mod get;
mod list;
mod of_goal;
mod of_thread;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(list::list))
        .routes(endpoint!(create::create))
        .routes(endpoint!(get::get))
        .routes(endpoint!(edit::patch))
        .routes(endpoint!(delete::delete))
        .routes(endpoint!(of_goal::get))
        .routes(endpoint!(of_thread::get))
}
