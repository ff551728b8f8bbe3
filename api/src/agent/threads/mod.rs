//! `/v1/agent/threads`: an agent's own conversations, one file an operation (rule W9). Replies and
//! answers stand beside this folder.

mod body;
mod colleagues;
mod contact;
mod done;
mod extend;
mod get;
mod hand_on;
mod list;
mod list_tags;
mod opt_out;
mod release;
mod tag;
mod undo;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(done::done))
        .routes(endpoint!(release::release))
        .routes(endpoint!(extend::extend))
        .routes(endpoint!(hand_on::hand_on))
        .routes(endpoint!(colleagues::list))
        .routes(endpoint!(contact::patch))
        .routes(endpoint!(list_tags::list))
        .routes(endpoint!(tag::put))
        .routes(endpoint!(tag::delete))
        .routes(endpoint!(opt_out::opt_out))
        .routes(endpoint!(undo::undo))
}
