//! `/v1/agent/home` and `/v1/agent/events`: an agent's work now, once and as it changes.
//!
//! `body` is the answer, `build` makes it of the facts, `watch` has the look at the facts that all
//! listening agents share.

mod body;
mod build;
mod events;
mod get;
mod watch;

use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::watch::Homes;
use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(get::get)).routes(endpoint!(events::follow))
}
