//! `/v1/operator/unknown-texts`: texts of which nobody knows whether the carrier has them
//! (rule S2).

mod list;
mod settle;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(list::list)).routes(endpoint!(settle::settle))
}
