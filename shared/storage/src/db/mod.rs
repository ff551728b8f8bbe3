//! The pool, transactions, notifications, errors and migrations: how this crate speaks to Postgres.

pub(crate) mod announce;
pub(crate) mod database;
pub(crate) mod error;
pub(crate) mod handle;
pub(crate) mod listen;
pub(crate) mod migrations;
pub(crate) mod options;
pub(crate) mod outage;
pub(crate) mod page;
pub mod roles;
pub mod room;
pub(crate) mod servers;
pub(crate) mod usable;
pub mod waits;
