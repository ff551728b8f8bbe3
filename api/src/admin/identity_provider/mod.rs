//! `/v1/account/identity-provider`: sign-in of an account's admins by OpenID Connect (rule A6).

mod body;
mod get;
mod put;
mod remove;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(get::get)).routes(endpoint!(put::put)).routes(endpoint!(remove::remove))
}
