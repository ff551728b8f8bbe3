//! `cargo xtask`: the project's own commands. It starts other programs and has next to no
//! dependencies, so that it builds at once.
#![expect(clippy::print_stderr, reason = "it tells what it runs")]

mod chapters;
mod imports;
mod modules;
mod newest;
mod outside;
mod prepare;
mod rules;
mod sizes;
mod test;
mod times;
mod words;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, bail, ensure};

const HELP: &str = "\
cargo xtask COMMAND

  demo                      build everything, start everything, play a campaign and check it
  local [OPTIONS]           start the same processes and stay: --schedulers N --workers N --json --ha
  local --demo              the same with a campaign that goes on, to click through: --contacts N
  chaos [OPTIONS]           break everything by a seed while a campaign runs, and check every invariant:
                            --seed N | --seeds A..B, --minutes M, --ha, --drill broker|database, --plan, --plant VIOLATION
  oidc                      sign in at an identity provider of others' making, the npm package oidc-provider
  console                   play stories of the web console in Debian's Chromium, by clicking and typing alone
  shots                     play them and keep the pictures of pages in docs/pictures
  day                       play a day of an admin and an agent through the API alone, by a client made from its document
  test                      all checks and tests, and some of them on Postgres 17 and RabbitMQ 4 in containers, as CI runs them
  test --strict             the same, and that the containers cannot be had is a failure
  test --fast               tests alone
  test --containers         tests of everything that talks to servers, on Postgres 17 and RabbitMQ 4 in containers
  bench NAME [--json]       measure in release: jobs, timers, idle, ingest, ingest-large, partition, send, pause, replies, agents,
                            fair, export, redact, console
  prepare [--check]         write the query cache (.sqlx), or only say whether it is up to date
  imports                   check which crate and which chapter imports which, and that no file is too long
  rules [--check]           write the table of rules, code and tests, or only say whether it is up to date
  words [--list]            check the wording of comments and documents, or print all that is to be mended
";

fn main() -> ExitCode {
    match run_command() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_command() -> anyhow::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let (command, rest) = args.split_first().map_or(("help", &[][..]), |(command, rest)| (command.as_str(), rest));
    env::set_current_dir(root())?;
    match command {
        "demo" | "chaos" => after_build("muster-rehearsal", command, rest)?,
        "local" if rest.iter().any(|word| word == "--demo") => {
            let rest: Vec<_> = rest.iter().filter(|word| *word != "--demo").cloned().collect();
            after_build("muster-rehearsal", "live", &rest)?;
        }
        "local" => after_build("muster-local", command, rest)?,
        "day" => {
            build_binaries()?;
            outside::DAY.run()?;
        }
        "console" => {
            build_binaries()?;
            outside::CONSOLE.run()?;
        }
        "shots" => {
            build_binaries()?;
            outside::pictures()?;
        }
        "oidc" => {
            build_binaries()?;
            outside::OIDC.run()?;
        }
        "bench" => bench(rest)?,
        "test" => test::run(rest)?,
        "prepare" => prepare::run(rest)?,
        "imports" => {
            imports::check()?;
            chapters::check()?;
            modules::check()?;
            sizes::check()?;
        }
        "rules" => rules::run(rest)?,
        "words" => words::run(rest)?,
        "help" | "--help" | "-h" => eprint!("{HELP}"),
        other => bail!("there is no command {other:?}\n\n{HELP}"),
    }
    Ok(())
}

/// Returns the workspace's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Builds the binaries and hands over to one of them.
fn after_build(program: &str, command: &str, rest: &[String]) -> anyhow::Result<()> {
    build_binaries()?;
    run(built(program).arg(command).args(rest))
}

/// Builds everything in release and hands over to the benchmarks.
fn bench(rest: &[String]) -> anyhow::Result<()> {
    run(cargo().args(["build", "--workspace", "--bins", "--release"]))?;
    run(Command::new(target_dir().join("release/muster-bench")).args(rest))
}

fn build_binaries() -> anyhow::Result<()> {
    run(cargo().args(["build", "--workspace", "--bins"]))
}

/// Returns the program that starts private services; see `deploy/local`.
fn local_stack() -> Command {
    built("muster-local")
}

/// Returns a program that was built.
fn built(program: &str) -> Command {
    let mut command = Command::new(target_dir().join("debug").join(program));
    forget_cargo(&mut command);
    command
}

/// Takes away Cargo's variables about this program: some build scripts begin anew when they change,
/// and with them half the workspace.
fn forget_cargo(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
}

fn target_dir() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Cargo, reading queries from the cache and not from a database that the environment may name.
fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.env("SQLX_OFFLINE", "true").env_remove("DATABASE_URL");
    forget_cargo(&mut cargo);
    cargo
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let line = describe(command);
    eprintln!("\n$ {line}");
    let status = command.status().with_context(|| format!("start {line}"))?;
    ensure!(status.success(), "{line}: {status}");
    Ok(())
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
