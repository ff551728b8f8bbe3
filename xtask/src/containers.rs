//! Tests on the newest supported versions, Postgres 17 and `RabbitMQ` 4, in containers. The machine's own are often the oldest.

use std::{
    ffi::OsStr,
    process::{Command, ExitStatus},
};

use anyhow::{Context, ensure};

use crate::{
    describe, forget_cargo, local_stack, target_dir,
    test::{has_nextest, test_threads},
};

/// What `muster-local containers` exits with when there is no engine, or no image.
const UNAVAILABLE: i32 = 69;
const LIMIT_SECONDS: &str = "2400";

/// The test programs that talk to servers, and names of tests to which a program is narrowed.
type Programs = &'static [(&'static str, &'static [&'static str])];

const ALL: Programs = &[
    ("a_killed_server_keeps_its_data", &[]),
    ("a_stack_comes_and_goes", &[]),
    ("the_command_cleans_up", &[]),
    ("engine", &[]),
    ("api", &[]),
    ("sending", &[]),
    ("stories", &[]),
];

/// The engine's guarantees, and the system with its broker killed.
const ESSENCE: Programs = &[("engine", &[]), ("stories", &["a_killed_broker_changes_no_zero"])];

#[derive(Debug, Clone, Copy)]
pub(crate) enum Tests {
    All,
    Essence,
}

/// Runs the tests; no engine and no images are failures too.
pub(crate) fn run(tests: Tests) -> anyhow::Result<()> {
    for mut command in commands(tests) {
        let status = execute(&mut command)?;
        ensure!(status.success(), "tests in containers: {status}");
    }
    Ok(())
}

/// Runs the essence where containers can be had, and says at the end where they can't; strictly, that is a failure.
pub(crate) fn run_where_possible(is_strict: bool) -> anyhow::Result<()> {
    for mut command in commands(Tests::Essence) {
        let status = execute(&mut command)?;
        if status.code() == Some(UNAVAILABLE) {
            eprintln!(
                "\nNOT COVERED: Postgres 17 and RabbitMQ 4. Everything else passed, but no servers could be started in containers on \
                 this machine; the line above says why. `cargo xtask test --containers` tries again."
            );
            ensure!(!is_strict, "the newest versions are not covered");
            return Ok(());
        }
        ensure!(status.success(), "tests in containers: {status}");
    }
    eprintln!("\nThe engine's tests and a story also passed on the newest versions, in containers.");
    Ok(())
}

/// One command where nextest can select by program and name, else one for each program.
fn commands(tests: Tests) -> Vec<Command> {
    let programs = match tests {
        Tests::All => ALL,
        Tests::Essence => ESSENCE,
    };
    if has_nextest() {
        let wanted: Vec<String> = programs.iter().map(|(program, names)| selection(program, names)).collect();
        let threads = test_threads();
        let run =
            ["nextest", "run", "--workspace", "--no-fail-fast", "--test-threads", &threads, "-E", &wanted.join(" or ")];
        return vec![in_containers(&run)];
    }
    let command = |(program, names): &(&str, &[&str])| {
        in_containers(&[&["test", "--workspace", "--no-fail-fast", "--test", program, "--"], *names].concat())
    };
    programs.iter().map(command).collect()
}

/// In nextest's language of filters.
fn selection(program: &str, names: &[&str]) -> String {
    if names.is_empty() {
        return format!("binary({program})");
    }
    let names: Vec<String> = names.iter().map(|name| format!("test({name})")).collect();
    format!("(binary({program}) and ({}))", names.join(" or "))
}

fn in_containers(cargo: &[&str]) -> Command {
    let stack = local_stack();
    let mut command = ending_with_us(stack.get_program());
    command.arg("containers").arg("--data").arg(target_dir().join("containers"));
    command
        .args(["--limit-seconds", LIMIT_SECONDS, "--"])
        .arg(stack.get_program())
        .args(["run", "--", "cargo"])
        .args(cargo);
    forget_cargo(&mut command);
    command.env("SQLX_OFFLINE", "true").env_remove("DATABASE_URL");
    // Servers somebody has named would be taken instead.
    for given in ["MUSTER_TEST_POSTGRES_URL", "MUSTER_TEST_AMQP_URL", "MUSTER_TEST_RABBITMQ_MANAGEMENT_URL"] {
        command.env_remove(given);
    }
    command
}

/// A command for `program` that is asked to end when this program dies, where util-linux is installed: an engine must not outlive its run.
fn ending_with_us(program: &OsStr) -> Command {
    if !Command::new("setpriv").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM", "--"]).arg(program);
    command
}

fn execute(command: &mut Command) -> anyhow::Result<ExitStatus> {
    let line = describe(command);
    eprintln!("\n$ {line}");
    command.status().with_context(|| format!("start {line}"))
}
