//! `/v1/contacts`, conversations and redactions.

pub(crate) mod conversations;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod redactions;
pub(crate) mod why;
