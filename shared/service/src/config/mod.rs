//! Configuration: environment variables `MUSTER_*` over an optional TOML file named by
//! `MUSTER_CONFIG`.
//!
//! A section is a file here: its keys with their defaults, bounds and documentation. A process
//! names the sections that it uses (`processes`), and reads no others: a key of another section is
//! accepted and not looked at, so that one file serves a whole installation. A key that no section
//! has is an error. `reference` writes `docs/configuration.md` from the sections.

mod broker;
mod carrier;
mod database;
mod engine;
mod error;
mod http;
mod imports;
mod key;
mod mail;
mod object_store;
mod privacy;
mod process;
mod processes;
mod reference;
mod secret_command;
mod secret_file;
mod section;
mod sign_in;
mod source;
#[cfg(test)]
mod tests;
mod worker;

pub use broker::Broker;
pub use carrier::{CarrierAccess, Gateway};
pub use database::Database;
pub use engine::Engine;
pub use error::ConfigError;
pub use http::Http;
pub use imports::Imports;
pub use key::{Form, Key};
pub use mail::Mail;
pub use object_store::ObjectStore;
pub use privacy::{HashKey, HashKeys, Privacy};
pub use process::Process;
pub use processes::{
    ApiSettings, AuditSettings, BrokerSettings, DaemonSettings, DatabaseSettings, DoctorSettings, InstallationSettings,
    LedgerSettings, PROCESSES, ProcessKind, SchedulerSettings, Settings, WorkerSettings,
};
pub use reference::reference;
pub use section::Shown;
pub use sign_in::SignIn;
pub use source::{Origin, Source};
pub use worker::Worker;

/// Returns every key of every section, in the order of the documentation.
pub fn keys() -> impl Iterator<Item = &'static Key> {
    processes::SECTIONS.iter().flat_map(|section| section.keys)
}

/// Finds a key by its name in the environment, in lower case without the prefix.
pub fn key_of_environment(flat: &str) -> Option<&'static Key> {
    keys().find(|key| key.flat == flat)
}
