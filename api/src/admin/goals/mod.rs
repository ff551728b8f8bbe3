//! `/v1/organizations/{organization_id}/goals`.

pub(crate) mod body;
pub(crate) mod change;
pub(crate) mod close;
pub(crate) mod create;
pub(crate) mod duplicate;
pub(crate) mod edit;
pub(crate) mod forecast;
pub(crate) mod get;
pub(crate) mod input;
pub(crate) mod launch;
pub(crate) mod list;
pub(crate) mod pause;
pub(crate) mod preview;
pub(crate) mod resume;
pub(crate) mod stats;
