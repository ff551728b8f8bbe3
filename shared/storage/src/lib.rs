//! Everything Muster keeps in Postgres, and the only crate that speaks SQL.
//!
//! One module for each noun. A function takes a [`Tx`] when it takes part in its caller's transaction and a [`Pool`] when it is one
//! statement of its own; sqlx's types stay inside. Rows are private structs; what comes out are the structs declared here in
//! the rule book's words.

mod announce;
mod database;
mod error;

pub mod batches;
pub mod campaigns;
pub mod caps;
pub mod contacts;
pub mod engine;
pub mod forecast;
pub mod give_back;
pub mod goals;
pub mod groups;
pub mod idempotency;
pub mod import_sources;
pub mod imports;
pub mod ingest;
pub mod lookups;
pub mod members;
pub mod messages;
pub mod numbers;
pub mod organizations;
mod outage;
pub mod personal;
pub mod phone_keys;
pub mod rates;
pub mod reassign;
pub mod receipts;
pub mod redactions;
pub mod room;
pub mod sending;
pub mod stats;
pub mod testing;
pub mod threads;
mod trust;
pub mod waiting;
pub mod webhooks;
pub mod why;

pub use database::{Db, Ear, Listener, Pool, PoolOptions, Tx, migrate, pending_migrations};
pub use error::{Error, Result};
