//! `muster config`: the values in force, and the documentation of every key.

use clap::builder::PossibleValuesParser;
use muster_domain::tenancy::settings;
use muster_service::config::{Key, Origin, PROCESSES, Source, reference};
use muster_storage::trust::map;
use serde_json::{Map, Value};

use crate::out::say;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Read the configuration as a process would and print the values in force and where each was
    /// set, without secrets.
    Check {
        /// Read this process's keys; `installation` is all keys that its processes read together.
        #[arg(long, default_value = PROCESSES[0].name, value_parser = PossibleValuesParser::new(PROCESSES.iter().map(|process| process.name)))]
        process: String,
        /// Print one JSON object: each key, as the environment names it, and its value,
        /// `[REDACTED]` for secrets, null for no value.
        #[arg(long)]
        json: bool,
    },
    /// Print the map of personal data, as Markdown.
    DataMap,
    /// Print the documentation of every key, as Markdown.
    Reference {
        /// Print the documentation of an organization's settings instead.
        #[arg(long)]
        settings: bool,
    },
}

pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    match command {
        Command::Check { process, json } => check(process, *json),
        Command::DataMap => map::page().lines().try_for_each(|line| say!("{line}")),
        Command::Reference { settings } => {
            let page = if *settings { settings::reference() } else { reference() };
            page.lines().try_for_each(|line| say!("{line}"))
        }
    }
}

fn check(name: &str, json: bool) -> anyhow::Result<()> {
    let source = Source::load()?;
    let process = PROCESSES.iter().find(|process| process.name == name).unwrap_or(&PROCESSES[0]);
    let shown = (process.check)(&source)?;
    if json {
        let values: Map<String, Value> = shown.into_iter().map(|(key, value)| (key.flat.to_owned(), value)).collect();
        return say!("{}", Value::Object(values));
    }
    let mut section = "";
    for (key, value) in &shown {
        if key.section != section {
            section = key.section;
            say!("[{section}]")?;
        }
        say!("{}", line(key, value, &source.origin(key)))?;
    }
    Ok(())
}

/// Returns a key as the file would have it, with where it was set.
fn line(key: &Key, value: &Value, origin: &Origin) -> String {
    match value {
        Value::Null => format!("# {} is not set", key.name),
        value => format!("{} = {value}  # {origin}", key.name),
    }
}
