//! `/v1/account`.

pub(crate) mod get;
