//! `/v1/organizations/{organization_id}/members` and their tokens.

pub(crate) mod create;
pub(crate) mod create_token;
pub(crate) mod revoke_token;
