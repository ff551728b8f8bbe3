//! `/v1/organizations/{organization_id}/members` and their tokens.

mod create;
mod create_token;
mod revoke_token;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(create_token::create))
        .routes(endpoint!(revoke_token::revoke))
}
