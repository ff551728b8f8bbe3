//! `/v1/groups`.

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod membership;
