//! One command, one file.

pub(crate) mod access_request;
pub(crate) mod account;
pub(crate) mod acts;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod broker;
pub(crate) mod classify;
pub(crate) mod client;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod contacts;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod jobs;
pub(crate) mod ledger;
mod look;
pub(crate) mod migrate;
pub(crate) mod numbers;
pub(crate) mod operator;
pub(crate) mod operators;
pub(crate) mod opt_outs;
pub(crate) mod plan;
pub(crate) mod policy;
mod postgres_tools;
pub(crate) mod profiles;
pub(crate) mod queues;
mod remote;
pub(crate) mod restore;
pub(crate) mod schedule;
pub(crate) mod segments;
pub(crate) mod stuck;
pub(crate) mod tags;
pub(crate) mod to_file;
pub(crate) mod wait;
mod watch;
pub(crate) mod why;
pub(crate) mod workers;

use anyhow::Context;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use muster_domain::text_enum::{self, TextEnum};
use muster_service::config::{Database, DatabaseSettings, Settings};
use muster_storage::{Pool, PoolOptions};

/// Reads the words of an enum, which the help lists.
pub(crate) fn words<T: TextEnum + Send + Sync>() -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(T::WORDS.iter().copied()).try_map(|word| text_enum::read::<T>(&word))
}

/// Reads some of the words of an enum, which the help lists.
pub(crate) fn offered<T: TextEnum + Send + Sync>(
    values: &'static [T],
    word: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(values.iter().map(move |value| word(*value))).try_map(|word| text_enum::read::<T>(&word))
}

/// Reads a command's part of the configuration.
pub(crate) fn configured<S: Settings>() -> anyhow::Result<S> {
    S::load().context("muster reads the same configuration as the daemons: MUSTER_* or MUSTER_CONFIG")
}

/// Returns the database of the configuration.
pub(crate) fn pool() -> anyhow::Result<Pool> {
    let settings: DatabaseSettings = configured()?;
    connect(&settings.database)
}

/// Returns a database, lazily connected to.
pub(crate) fn connect(database: &Database) -> anyhow::Result<Pool> {
    let options = PoolOptions { max_connections: 2, ..PoolOptions::default() };
    Ok(Pool::connect_lazily(&database.url, &options)?)
}
