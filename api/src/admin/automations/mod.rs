//! `/v1/organizations/{organization_id}/automations`: keyword automations (rule I4).

mod body;
mod create;
mod delete;
mod dry_run;
mod get;
mod input;
mod list;
mod replace;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(replace::put))
        .routes(endpoint!(delete::delete))
        .routes(endpoint!(dry_run::dry_run))
}
