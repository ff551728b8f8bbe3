//! Sign-in: codes, invites, credentials of members, sessions, an account's settings of sign-in, and
//! operators.

pub mod attempts;
pub mod credentials;
pub mod identity;
pub mod invites;
pub mod operators;
pub mod policy;
pub mod sessions;
