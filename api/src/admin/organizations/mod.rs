//! `/v1/organizations`: settings, caps, rates, laws and numbers.

pub(crate) mod account;
pub(crate) mod caps;
pub(crate) mod laws;
pub(crate) mod list;
pub(crate) mod numbers;
pub(crate) mod rates;
pub(crate) mod settings;
