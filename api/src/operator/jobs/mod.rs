//! `/v1/operator/jobs`: jobs and the life of each (engine promise J11).

mod body;
mod cancel;
mod get;
mod list;
mod retry;

use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::body::JobActed;
use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(retry::retry))
        .routes(endpoint!(cancel::cancel))
}
