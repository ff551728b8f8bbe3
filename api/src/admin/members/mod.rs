//! `/v1/organizations/{organization_id}/members` and their tokens.

mod create;
mod create_token;
mod edit;
mod get;
mod invite;
mod invited;
mod list;
mod list_tokens;
pub(crate) mod remove;
mod revoke_token;
mod revoke_tokens;
mod suspend;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(invite::invite))
        .routes(endpoint!(get::get))
        .routes(endpoint!(edit::patch))
        .routes(endpoint!(remove::remove))
        .routes(endpoint!(suspend::suspend))
        .routes(endpoint!(suspend::restore))
        .routes(endpoint!(list_tokens::list))
        .routes(endpoint!(revoke_tokens::revoke_all))
        .routes(endpoint!(create_token::create))
        .routes(endpoint!(revoke_token::revoke))
}
