//! `muster completions` and `muster man`: made of the commands themselves.

use std::path::PathBuf;

use anyhow::Context;
use clap::Command;
use clap_complete::Shell;

use crate::out::{piece, say};

#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

#[derive(clap::Args)]
pub(crate) struct Man {
    /// The folder to write the pages into; it must exist.
    folder: PathBuf,
}

/// Prints the script that completes commands in a shell.
pub(crate) fn print(args: &Completions, mut command: Command) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "muster", &mut script);
    piece(&script)
}

/// Writes a page of the manual for each command.
pub(crate) fn write_man(args: &Man, command: Command) -> anyhow::Result<()> {
    clap_mangen::generate_to(command, &args.folder)
        .with_context(|| format!("writing pages into {}", args.folder.display()))?;
    say!("the pages are in {}; MANPATH or man -l finds them", args.folder.display())
}
