//! Everything Muster keeps in Postgres, and the only crate that speaks SQL.
//!
//! One folder for each chapter, one module for each noun. A function takes a [`Tx`] when it takes
//! part in its caller's transaction and a [`Pool`] when it is one statement of its own; sqlx's
//! types stay inside. Rows are private structs; results are the structs declared here in the rule
//! book's words.

pub mod checkup;
pub mod conversations;
pub mod db;
pub mod doctor;
pub mod engine;
pub mod figures;
pub mod goals;
pub mod imports;
pub mod people;
pub mod sending;
pub mod tenancy;
pub mod testing;
pub mod trust;

pub use db::{
    database::{Pool, Tx},
    error::{Error, Result},
    handle::Db,
    listen::{Ear, Listener},
    migrations::{WrongHistory, migrate, pending_migrations},
    options::PoolOptions,
    page::Page,
};
