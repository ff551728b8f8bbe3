//! `/v1/redactions`.

pub(crate) mod create;
pub(crate) mod get;
