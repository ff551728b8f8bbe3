//! Sign-in: codes, invites, sessions, the scope of sessions and tokens, and operators (rules A5 and
//! A6).

pub mod code;
pub mod invite;
pub mod operator;
pub mod scope;
pub mod session;
