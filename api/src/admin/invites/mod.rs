//! `/v1/organizations/{organization_id}/invites`, and the invite of a member (rule A6).

mod body;
mod create;
mod get;
mod list;
mod revoke;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

pub(crate) use self::create::send;

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(create::create))
        .routes(endpoint!(revoke::revoke))
}
