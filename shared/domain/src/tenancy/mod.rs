//! Members, roles and their reach, and settings.

pub mod member;
pub mod role;
pub mod settings;
