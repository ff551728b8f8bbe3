//! `/v1/organizations/{organization_id}/groups`: groups, their members and contacts.

<<<<<<< HEAD
mod add_member;
mod archive;
mod body;
pub(crate) mod create;
mod edit;
mod edit_membership;
mod get;
mod leave;
mod list;
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
        .routes(endpoint!(leave::leave))
}
=======
pub(crate) mod edit;
pub(crate) mod get;
pub(crate) mod leave;
pub(crate) mod list;
pub(crate) mod membership;
pub(crate) mod unarchive;
>>>>>>> 528d62e (Numbers are listed with their group and agent, groups are edited and unarchived; a new brand has the strictest tier, organizations of one tax number share it, and it has several registered campaigns (A1, A3, A4, S3, S4, S10))
