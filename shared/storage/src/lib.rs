//! Everything Muster keeps in Postgres, and the only crate that speaks SQL.
//!
//! One module for each noun. A function takes a [`Tx`] when it takes part in its caller's transaction and a [`Pool`] when it is one
//! statement of its own; sqlx's types stay inside. Rows are private structs; what comes out are the structs declared here in
//! the rule book's words.

pub mod conversations;
pub mod db;
pub mod doctor;
pub mod goals;
pub mod imports;
mod migrations;
pub mod people;
pub mod sending;
pub mod tenancy;
pub mod trust;

pub mod engine;
pub mod testing;

pub use db::database::{Db, Ear, Listener, Pool, PoolOptions, Tx};
pub use db::error::{Error, Result};
pub use migrations::{WrongHistory, migrate, pending_migrations};
