//! `/v1/webhooks`: webhooks of carriers, one file each. Authenticated by signature, recorded once,
//! answered fast, processed as jobs (rule I1).

pub(crate) mod gather;
pub(crate) mod inbound;
pub(crate) mod signed;
pub(crate) mod status;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(endpoint!(status::receive)).routes(endpoint!(inbound::receive))
}
