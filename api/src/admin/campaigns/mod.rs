//! `/v1/organizations/{organization_id}/campaigns`.

pub(crate) mod act;
pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod goals;
