//! Roles and their reach.

pub mod role;
pub mod settings;
