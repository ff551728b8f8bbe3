//! A program that cannot do its task says why in one line, and a user's mistake never reads like a
//! crash.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Command, Output, Stdio},
};

use muster_local::programs::Binary;
use muster_service::config::PROCESSES;
use serde_json::Value;

const DAEMONS: [Binary; 3] = [Binary::Api, Binary::Scheduler, Binary::Worker];

/// Every key that an installation must set, and traces of the stack.
const MINIMAL: [(&str, &str); 9] = [
    ("RUST_BACKTRACE", "1"),
    ("MUSTER_DATABASE_URL", "postgres://muster:hush@127.0.0.1:1/muster"),
    ("MUSTER_AMQP_URL", "amqp://muster:hush@127.0.0.1:1"),
    ("MUSTER_OBJECT_STORE_URL", "file:///tmp"),
    ("MUSTER_CARRIER_URL", "http://127.0.0.1:1"),
    ("MUSTER_CARRIER_ACCOUNT_SID", "AC1"),
    ("MUSTER_CARRIER_AUTH_TOKEN", "hush"),
    ("MUSTER_PUBLIC_URL", "http://127.0.0.1:1"),
    ("MUSTER_PHONE_HASH_KEY", "0000000000000000000000000000000000000000000000000000000000000001"),
];

/// Returns the program with so much environment as a daemon needs to begin. Traces of the stack are
/// asked for, as developers often do.
fn run(binary: Binary, args: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(binary.path().unwrap());
    command.env_clear().envs(MINIMAL).envs(environment.iter().copied()).args(args).output().unwrap()
}

fn said(text: &[u8]) -> String {
    String::from_utf8(text.to_vec()).unwrap()
}

#[test]
fn the_command_line_tells_a_mistake_in_one_line() {
    let output = run(Binary::Cli, &["import", "check", "/no/such/file.csv"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said(&output.stderr), "error: read /no/such/file.csv: No such file or directory (os error 2)\n");

    let output = run(Binary::Cli, &["config", "check"], &[("MUSTER_JOB_LEASE_SECONDS", "1")]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        said(&output.stderr),
        "error: configuration: engine.job_lease_seconds (MUSTER_JOB_LEASE_SECONDS) must be 3 to 86400\n"
    );
}

/// As `muster … | head -1` does. There is more than fits into a pipe.
#[test]
fn whoever_has_read_enough_ends_the_command_line_without_a_word() {
    let mut command = Command::new(Binary::Cli.path().unwrap());
    command.args(["schedule", "preview", "--cron", "* * * * *", "--zone", "UTC", "--count", "10000"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.ends_with("+00:00\n"), "{first}");
    assert_eq!(child.wait().unwrap().code(), Some(141), "as SIGPIPE would have it");
    let mut complaint = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert_eq!(complaint, "");
}

#[test]
fn what_is_in_force_is_one_json_object_without_secrets() {
    let output = run(Binary::Cli, &["config", "check", "--json"], &[("MUSTER_JOB_LEASE_SECONDS", "7")]);
    let shown = said(&output.stdout);
    assert!(!shown.contains("hush"), "{shown}");
    let settings: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(settings["job_lease_seconds"], 7);
    assert_eq!(settings["database_url"], "[REDACTED]");
    assert_eq!(settings["rabbitmq_management_url"], Value::Null);
}

#[test]
fn a_daemon_that_is_configured_wrongly_says_which_key_and_exits_1() {
    for daemon in DAEMONS {
        let output = run(daemon, &[], &[("MUSTER_DATABASE_MAX_CONNECTIONS", "3")]);
        assert_eq!(output.status.code(), Some(1), "{daemon:?}");
        let told = "database.max_connections (MUSTER_DATABASE_MAX_CONNECTIONS) must be 4 to 10000";
        assert_eq!(said(&output.stderr), format!("error: configuration: {told}\n"));
    }
}

/// The environment has the process's required keys and no more: it gets as far as its address,
/// which is taken.
#[test]
fn a_daemon_begins_with_the_keys_of_its_own_sections() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let names = [("api", Binary::Api), ("scheduler", Binary::Scheduler), ("worker", Binary::Worker)];
    for (name, daemon) in names {
        let mut command = Command::new(daemon.path().unwrap());
        command.env_clear().envs(required(name)).env("MUSTER_LISTEN", &address);
        let output = command.output().unwrap();
        assert_eq!((said(&output.stderr).as_str(), output.status.code()), ("", Some(1)), "{name}");
        assert!(said(&output.stdout).contains(&address), "{name}");
    }
    let mut command = Command::new(Binary::Cli.path().unwrap());
    let output = command.env_clear().envs(required("migrate")).args(["migrate", "--check"]).output().unwrap();
    let told = said(&output.stderr);
    assert!(told.starts_with("error: ") && !told.contains("configuration"), "{told}");
}

/// Returns the keys of a process that have no default, with values that lead nowhere.
fn required(process: &str) -> Vec<(String, &'static str)> {
    let process = PROCESSES.iter().find(|kind| kind.name == process).unwrap();
    let keys = process.keys().filter(|key| key.is_required());
    keys.map(|key| {
        let (_, value) = MINIMAL.into_iter().find(|(name, _)| *name == key.environment()).unwrap();
        (key.environment(), value)
    })
    .collect()
}

#[test]
fn a_secret_in_a_file_is_in_force_and_where_it_was_set_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "hush\n").unwrap();
    let named = file.to_str().unwrap();
    let mut command = Command::new(Binary::Cli.path().unwrap());
    let rest = required("worker").into_iter().filter(|(name, _)| name != "MUSTER_CARRIER_AUTH_TOKEN");
    command.env_clear().envs(rest).env("MUSTER_CARRIER_AUTH_TOKEN_FILE", named);
    command.args(["config", "check", "--process", "worker"]);
    let shown = said(&command.output().unwrap().stdout);
    let line = format!("auth_token = \"[REDACTED]\"  # the file {named}, named by MUSTER_CARRIER_AUTH_TOKEN_FILE");
    assert!(shown.contains(&line) && !shown.contains("hush"), "{shown}");
    std::fs::remove_file(&file).unwrap();
    let output = command.output().unwrap();
    let told = format!("carrier.auth_token (MUSTER_CARRIER_AUTH_TOKEN_FILE): {named} cannot be read: ");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output.stderr).starts_with(&format!("error: configuration: {told}")), "{}", said(&output.stderr));
}

#[test]
fn a_daemon_that_cannot_begin_logs_why_and_exits_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for daemon in DAEMONS {
        let output = run(daemon, &[], &[("MUSTER_LISTEN", &address)]);
        assert_eq!(output.status.code(), Some(1), "{daemon:?}");
        assert_eq!(said(&output.stderr), "", "{daemon:?}");
        let log = said(&output.stdout);
        let last: Value = serde_json::from_str(log.lines().last().unwrap_or_default()).unwrap();
        assert_eq!(last["level"], "ERROR", "{log}");
        assert!(last["error"].as_str().is_some_and(|error| error.contains(&address)), "{log}");
    }
}
