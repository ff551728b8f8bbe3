//! Endpoints for admins: a folder for each resource, with its routes in `mod.rs` and one file for
//! each operation.

pub(crate) mod account;
pub(crate) mod campaigns;
pub(crate) mod contacts;
pub(crate) mod conversations;
pub(crate) mod goals;
pub(crate) mod groups;
pub(crate) mod import_sources;
pub(crate) mod imports;
pub(crate) mod members;
pub(crate) mod organizations;
pub(crate) mod redactions;
pub(crate) mod texts;
