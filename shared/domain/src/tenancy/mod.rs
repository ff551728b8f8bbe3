//! Members, roles and their reach, settings, and sign-in.

pub mod member;
pub mod role;
pub mod settings;
pub mod sign_in;
