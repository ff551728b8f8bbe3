//! Tests on the newest supported versions, Postgres 17 and `RabbitMQ` 4, in containers. The
//! machine's own are often the oldest.
//!
//! `.ci/containers` finds or prepares an engine and images, `integration-tests/newest` starts the
//! servers, and the existing test programs run against them. Tests that kill servers have installed
//! ones, here as everywhere, and are left out.

use std::{
    path::Path,
    process::{Command, ExitStatus},
};

use anyhow::{Context, ensure};

use crate::{
    cargo, describe, forget_cargo, local_stack, target_dir,
    test::{has_nextest, test_threads, trust_nothing_outside},
};

/// The status of the script and the program when there is no engine or no image: `EX_UNAVAILABLE`
/// of sysexits.h.
const UNAVAILABLE: i32 = 69;

const MANIFEST: &str = "integration-tests/newest/Cargo.toml";

/// A test program that talks to servers.
struct Program {
    name: &'static str,
    /// Names of tests to which it is narrowed; all of them where there are none.
    only: &'static [&'static str],
    /// Names of tests that have servers of their own.
    without: &'static [&'static str],
}

const ALL: &[Program] = &[
    Program { name: "engine", only: &[], without: &["servers_die"] },
    Program { name: "api", only: &[], without: &["outages"] },
    Program { name: "sending", only: &[], without: &[] },
    Program { name: "stories", only: &[], without: &["kills", "chaos"] },
];

/// The engine's guarantees, and imports with workers that are killed.
const ESSENCE: &[Program] = &[
    Program { name: "engine", only: &[], without: &["servers_die"] },
    Program { name: "stories", only: &["opt_outs", "import_crashes"], without: &[] },
];

#[derive(Debug, Clone, Copy)]
pub(crate) enum Tests {
    All,
    Essence,
}

/// Runs the tests; no engine and no images are failures too.
pub(crate) fn run(tests: Tests) -> anyhow::Result<()> {
    ensure!(try_to_run(tests)?, "there are no servers in containers");
    Ok(())
}

/// Runs the essence where containers can be had, and says at the end where they can't; strictly,
/// that is a failure.
pub(crate) fn run_where_possible(is_strict: bool) -> anyhow::Result<()> {
    if try_to_run(Tests::Essence)? {
        eprintln!("\nThe engine's tests and two stories also passed on the newest versions, in containers.");
        return Ok(());
    }
    eprintln!(
        "\nNOT COVERED: Postgres 17 and RabbitMQ 4. Everything else passed, but no servers could be started in containers on this \
         machine; the lines above say why. `cargo xtask test --containers` tries again."
    );
    ensure!(!is_strict, "the newest versions are not covered");
    Ok(())
}

/// Runs the tests; returns false where there is nothing to run them on.
fn try_to_run(tests: Tests) -> anyhow::Result<bool> {
    let target = target_dir().join("newest");
    let mut build = cargo();
    build.args(["build", "--locked", "--manifest-path", MANIFEST, "--target-dir"]).arg(&target);
    if !execute(&mut build)?.success() {
        return Ok(false);
    }
    let servers = target.join("debug/muster-newest");
    for mut command in commands(tests, &servers) {
        let status = execute(&mut command)?;
        if status.code() == Some(UNAVAILABLE) {
            return Ok(false);
        }
        ensure!(status.success(), "tests in containers: {status}");
    }
    Ok(true)
}

/// Returns one command where nextest can select by program and name, else one for each program.
fn commands(tests: Tests, servers: &Path) -> Vec<Command> {
    let programs = match tests {
        Tests::All => ALL,
        Tests::Essence => ESSENCE,
    };
    if has_nextest() {
        let wanted: Vec<String> = programs.iter().map(Program::selection).collect();
        let (wanted, threads) = (wanted.join(" or "), test_threads());
        let run = ["nextest", "run", "--workspace", "--no-fail-fast", "--test-threads", &threads, "-E", &wanted];
        return vec![in_containers(servers, &run)];
    }
    let command = |program: &Program| {
        let mut run = vec!["test", "--workspace", "--no-fail-fast", "--test", program.name, "--"];
        run.extend(program.only);
        run.extend(program.without.iter().flat_map(|name| ["--skip", name]));
        in_containers(servers, &run)
    };
    programs.iter().map(command).collect()
}

impl Program {
    /// Returns the program's tests in nextest's language of filters.
    fn selection(&self) -> String {
        let mut parts = vec![format!("binary({})", self.name)];
        if !self.only.is_empty() {
            let only: Vec<String> = self.only.iter().map(|name| format!("test({name})")).collect();
            parts.push(format!("({})", only.join(" or ")));
        }
        parts.extend(self.without.iter().map(|name| format!("not test({name})")));
        format!("({})", parts.join(" and "))
    }
}

fn in_containers(servers: &Path, run: &[&str]) -> Command {
    let mut command = ending_with_us(".ci/containers");
    command.arg(servers).arg(local_stack().get_program()).args(["run", "--", "cargo"]).args(run);
    forget_cargo(&mut command);
    trust_nothing_outside(&mut command);
    command.env("SQLX_OFFLINE", "true").env_remove("DATABASE_URL");
    command
}

/// Returns a command for `program` that is asked to end when this program dies, where util-linux is
/// installed: an engine must not outlive its run.
fn ending_with_us(program: &str) -> Command {
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
