//! `/v1/organizations/{organization_id}/groups`: groups, their members and contacts.

pub(crate) mod add_member;
pub(crate) mod archive;
pub(crate) mod body;
pub(crate) mod create;
pub(crate) mod edit_membership;
pub(crate) mod get;
pub(crate) mod list;
