//! `/v1/organizations/{organization_id}/import-sources`.

pub(crate) mod body;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod fetch;
pub(crate) mod get;
pub(crate) mod input;
pub(crate) mod list;
pub(crate) mod replace;
