//! `/v1/organizations/{organization_id}/tags`: tags, among them the reasons of opt-outs and skips.

mod body;
mod create;
mod delete;
mod edit;
mod get;
mod list;
mod merge;

use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::delete::deleted;
use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(edit::patch))
        .routes(endpoint!(delete::delete))
        .routes(endpoint!(merge::merge))
}
