//! `/v1/organizations/{organization_id}/contacts`.

pub(crate) mod body;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod opt_in;
pub(crate) mod opt_out;
pub(crate) mod reach;
pub(crate) mod why;
