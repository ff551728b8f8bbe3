//! `/v1/organizations/{organization_id}/audit` and `/v1/account/audit`: acts, with their parties
//! and records (rule R9).

mod account;
mod body;
mod list;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(list::list)).routes(endpoint!(account::list))
}
