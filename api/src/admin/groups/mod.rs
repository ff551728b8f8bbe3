//! `/v1/organizations/{organization_id}/groups`: groups, their members and contacts.

mod add_contact;
mod add_member;
mod archive;
mod body;
pub(crate) mod create;
mod edit;
mod edit_membership;
mod get;
mod leave;
mod list;
mod remove_contact;
mod unarchive;

use utoipa_axum::router::OpenApiRouter;

use crate::{document::endpoint, state::Api};

/// Returns the routes.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(endpoint!(create::create))
        .routes(endpoint!(list::list))
        .routes(endpoint!(get::get))
        .routes(endpoint!(archive::archive))
        .routes(endpoint!(edit::patch))
        .routes(endpoint!(unarchive::unarchive))
        .routes(endpoint!(add_member::add_member))
        .routes(endpoint!(edit_membership::patch))
        .routes(endpoint!(add_contact::add))
        .routes(endpoint!(remove_contact::remove))
        .routes(endpoint!(leave::leave))
}
