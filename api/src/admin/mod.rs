//! Endpoints for admins: one file each.

pub(crate) mod contacts;
pub(crate) mod goals;
pub(crate) mod groups;
pub(crate) mod imports;
pub(crate) mod members;
pub(crate) mod organizations;
