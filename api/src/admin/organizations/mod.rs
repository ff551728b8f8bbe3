//! `/v1/organizations`: settings, caps, rates, laws and numbers.

pub(crate) mod add_numbers;
pub(crate) mod body;
pub(crate) mod caps;
pub(crate) mod create;
pub(crate) mod edit;
pub(crate) mod end_hold;
pub(crate) mod get;
pub(crate) mod laws;
pub(crate) mod list;
pub(crate) mod rates;
pub(crate) mod settings;
