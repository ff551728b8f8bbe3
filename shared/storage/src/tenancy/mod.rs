//! Accounts, organizations, members, their sign-in, groups and their numbers (rules A1 to A6).

pub mod accounts;
pub mod brands;
pub mod groups;
pub mod idempotency;
pub mod members;
pub mod numbers;
pub mod organizations;
pub mod sign_in;
pub mod workplace;
