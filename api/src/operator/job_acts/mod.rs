//! `/v1/operator/job-acts`: one act on all jobs that match a filter.

mod body;
mod create;
mod get;
mod list;
mod stop;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(stop::stop))
}
