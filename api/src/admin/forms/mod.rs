//! `/v1/organizations/{organization_id}/forms`: sign-up forms, and the consents that contacts gave
//! by them.

mod body;
mod consents;
mod create;
mod get;
mod input;
mod list;
mod replace;

use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::input::QuestionBody;
use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(replace::replace))
        .routes(endpoint!(consents::list))
}
