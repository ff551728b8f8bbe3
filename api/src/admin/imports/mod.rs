//! `/v1/organizations/{organization_id}/imports`.

pub(crate) mod body;
pub(crate) mod cancel;
pub(crate) mod changes;
pub(crate) mod definition;
pub(crate) mod events;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod preview;
pub(crate) mod rejects;
pub(crate) mod undo;
pub(crate) mod upload;
