//! `/v1/goals`, campaigns and segments.

pub(crate) mod actions;
pub(crate) mod campaigns;
pub(crate) mod duplicate;
pub(crate) mod edit;
pub(crate) mod forecast;
pub(crate) mod input;
pub(crate) mod list;
pub(crate) mod segments;
pub(crate) mod stats;
