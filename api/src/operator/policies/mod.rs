//! `/v1/operator/policies`: pauses and limits of kinds and organizations.

mod body;
mod input;
mod limit;
mod list;
mod pause;
mod resume;

use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::body::PolicyBody;
use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(list::list))
        .routes(endpoint!(pause::pause))
        .routes(endpoint!(resume::resume))
        .routes(endpoint!(limit::limit))
}
