//! Sessions of members: one's own, and those of members within one's reach (rule A6).

mod body;
mod end;
mod end_all;
mod end_of_member;
mod end_one_of_member;
mod list;
mod list_of_member;
mod policy;
mod sign_out;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(list::list))
        .routes(endpoint!(end::end))
        .routes(endpoint!(end_all::end_all))
        .routes(endpoint!(sign_out::sign_out))
        .routes(endpoint!(list_of_member::list))
        .routes(endpoint!(end_of_member::end_all))
        .routes(endpoint!(end_one_of_member::end))
        .routes(endpoint!(policy::get))
        .routes(endpoint!(policy::patch))
}
