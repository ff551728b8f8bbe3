//! The local stack: private Postgres and `RabbitMQ` servers and Muster's own processes on one
//! machine, for `cargo xtask local | test`, for the rehearsals and for stories that kill things.
//!
//! [`Stack`] finds or starts the two services, [`Cluster`] runs Muster on top of them. Everything
//! listens on loopback alone, lives in a folder of its own, and is ended by process id when its
//! owner stops, is dropped, or dies. Nothing here knows Muster's tables or queues: databases and
//! vhosts are made empty, `muster migrate` does the rest.

mod account;
mod capture;
pub mod cluster;
mod faketime;
mod folder;
pub mod http;
mod install;
mod pgbouncer;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod programs;
pub mod rabbitmq;
pub mod say;
pub mod secret;
pub mod sign_in_link;
pub mod signals;
pub mod stack;
pub mod wire;

pub use cluster::{Cluster, ClusterOptions, Wiring};
pub use faketime::faketime_library;
pub use folder::StackFolder;
pub use pgbouncer::Bouncer;
pub use postgres::Postgres;
pub use process::{Process, ProcessSpec};
pub use rabbitmq::RabbitMq;
pub use stack::{Stack, StackOptions};
