//! `cargo xtask day`: a day of an admin and an agent through the API alone (`deploy/checks/day`).

use std::process::Command;

use anyhow::{Context, ensure};

use crate::{forget_cargo, run as execute, target_dir};

/// The status of the script when the client cannot be made here: `EX_UNAVAILABLE` of sysexits.h.
const UNAVAILABLE: i32 = 69;

fn script() -> Command {
    let mut command = Command::new("deploy/checks/day/run");
    command.env("CARGO_TARGET_DIR", target_dir());
    forget_cargo(&mut command);
    command
}

/// Plays the day; a client that cannot be made is a failure too.
pub(crate) fn run() -> anyhow::Result<()> {
    execute(&mut script())
}

/// Plays the day where the client can be made, and says where it can't; strictly, that is a
/// failure.
pub(crate) fn run_where_possible(is_strict: bool) -> anyhow::Result<()> {
    let status = script().status().context("start deploy/checks/day/run")?;
    if status.code() == Some(UNAVAILABLE) {
        eprintln!(
            "\nNOT COVERED: a day through a generated client. Python 3 with venv, or a package of it, cannot be had here."
        );
        ensure!(!is_strict, "the day through the API is not covered");
        return Ok(());
    }
    ensure!(status.success(), "the day through the API: {status}");
    Ok(())
}
