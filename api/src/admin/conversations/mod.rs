//! `/v1/organizations/{organization_id}/conversations`.

pub(crate) mod body;
pub(crate) mod get;
pub(crate) mod list;
