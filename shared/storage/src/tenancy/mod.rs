//! Accounts, organizations, members, groups and their numbers (rules A1 to A5).

pub mod brands;
pub mod groups;
pub mod idempotency;
pub mod members;
pub mod numbers;
pub mod organizations;
