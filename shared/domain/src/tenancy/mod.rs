//! Roles and their reach.

pub mod role;
