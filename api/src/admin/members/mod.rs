//! `/v1/members` and their tokens.

pub(crate) mod create;
pub(crate) mod tokens;
