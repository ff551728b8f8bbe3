//! Endpoints for admins: a folder for each resource, with its routes in `mod.rs` and one file for
//! each operation.

pub(crate) mod access_requests;
pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod automations;
pub(crate) mod bulk_changes;
pub(crate) mod calendar;
pub(crate) mod campaigns;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod exports;
pub(crate) mod fields;
pub(crate) mod forms;
pub(crate) mod goals;
pub(crate) mod groups;
pub(crate) mod identity_provider;
pub(crate) mod import_sources;
pub(crate) mod imports;
pub(crate) mod invites;
pub(crate) mod members;
pub(crate) mod merges;
pub(crate) mod opt_outs;
pub(crate) mod organizations;
pub(crate) mod redactions;
pub(crate) mod retention;
pub(crate) mod scripts;
pub(crate) mod sessions;
pub(crate) mod tags;
pub(crate) mod texts;

use utoipa_axum::router::OpenApiRouter;

use crate::state::Api;

/// Returns the routes of every resource.
pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(access_requests::routes())
        .merge(account::routes())
        .merge(audit::routes())
        .merge(automations::routes())
        .merge(calendar::routes())
        .merge(bulk_changes::routes())
        .merge(campaigns::routes())
        .merge(contacts::routes())
        .merge(conversations::routes())
        .merge(exports::routes())
        .merge(fields::routes())
        .merge(forms::routes())
        .merge(goals::routes())
        .merge(groups::routes())
        .merge(identity_provider::routes())
        .merge(import_sources::routes())
        .merge(imports::routes())
        .merge(invites::routes())
        .merge(members::routes())
        .merge(merges::routes())
        .merge(opt_outs::routes())
        .merge(organizations::routes())
        .merge(redactions::routes())
        .merge(retention::routes())
        .merge(scripts::routes())
        .merge(sessions::routes())
        .merge(tags::routes())
        .merge(texts::routes())
}
