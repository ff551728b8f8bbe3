//! `muster-local` gives its command's status, and its servers end with it however it ends.

#![allow(clippy::unwrap_used, reason = "the helpers of these tests may panic as the tests do")]

mod support;

use std::{
    fs::Permissions,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use support::{servers_in, until};
use tempfile::TempDir;

const WAITING: [&str; 6] = ["run", "--", "sh", "-c", "echo ready; exec sleep 600", "sh"];

/// Returns a folder of one's own for temporary files, which Postgres's user can walk to.
fn temporary() -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
    folder
}

fn muster_local(temporary: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster-local"));
    command.env("TMPDIR", temporary);
    for given in ["MUSTER_TEST_POSTGRES_URL", "MUSTER_TEST_AMQP_URL", "MUSTER_TEST_RABBITMQ_MANAGEMENT_URL"] {
        command.env_remove(given);
    }
    command
}

fn start_waiting(temporary: &Path) -> Child {
    let mut child = muster_local(temporary).args(WAITING).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    assert!(servers_in(temporary).len() >= 2);
    child
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
fn run_hands_on_the_urls_and_gives_the_commands_status() {
    let temporary = temporary();
    let script = "echo $MUSTER_TEST_POSTGRES_URL $MUSTER_TEST_AMQP_URL $MUSTER_TEST_RABBITMQ_MANAGEMENT_URL; exit 7";
    let output = muster_local(temporary.path()).args(["run", "--", "sh", "-c", script]).output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    let urls = String::from_utf8(output.stdout).unwrap();
    let schemes: Vec<&str> = urls.split_whitespace().map(|url| url.split(':').next().unwrap()).collect();
    assert_eq!(schemes, ["postgres", "amqp", "http"]);
    assert!(is_empty(temporary.path()));
}

#[tokio::test]
async fn a_terminated_run_ends_its_command_and_its_servers() {
    let temporary = temporary();
    let mut child = start_waiting(temporary.path());
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(servers_in(temporary.path()), [""; 0]);
    assert!(is_empty(temporary.path()));
}

#[tokio::test]
async fn a_killed_run_takes_its_servers_along() {
    let temporary = temporary();
    let mut child = start_waiting(temporary.path());
    child.kill().unwrap();
    child.wait().unwrap();
    until("every server is gone", || servers_in(temporary.path()).is_empty()).await;
}

#[test]
fn prepare_applies_migrations_in_the_order_of_their_names_and_some_outside_a_transaction() {
    let (temporary, migrations) = (temporary(), TempDir::new().unwrap());
    std::fs::write(migrations.path().join("0002_b.sql"), "INSERT INTO a VALUES (1);").unwrap();
    std::fs::write(migrations.path().join("0001_a.sql"), "CREATE TABLE a (n int);").unwrap();
    let alone = "-- no-transaction\nCREATE INDEX CONCURRENTLY a_n ON a (n);";
    std::fs::write(migrations.path().join("0003_index.sql"), alone).unwrap();
    let prepare = |script: &str| {
        let mut command = muster_local(temporary.path());
        command.arg("prepare").arg("--migrations").arg(migrations.path()).args(["--", "sh", "-c", script]);
        command.output().unwrap()
    };
    let output = prepare("echo $DATABASE_URL");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let url = String::from_utf8(output.stdout).unwrap();
    assert!(url.starts_with("postgres://") && url.ends_with("/prepare\n"), "{url}");

    std::fs::write(migrations.path().join("0004_c.sql"), "INSERT INTO missing VALUES (1);").unwrap();
    let output = prepare("echo not reached");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("0004_c.sql") && complaint.contains("\"missing\""), "{complaint}");
    assert!(is_empty(temporary.path()));
}
