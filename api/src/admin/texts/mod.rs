//! `/v1/organizations/{organization_id}/texts`.

pub(crate) mod segments;
