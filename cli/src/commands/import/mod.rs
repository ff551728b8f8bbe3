//! `muster import`: files of contacts, uploaded and followed, or checked without any service.

mod check;
mod follow;
mod manage;
mod upload;

use std::process::ExitCode;

use clap::Subcommand;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Upload a file and follow its import to the end. Exits with 2 unless it succeeded.
    Upload(upload::Upload),
    /// Preview an import of this file: rows, columns, rejects. Exits with 2 when the file as a
    /// whole would be refused.
    Check(check::Check),
    /// List imports, the youngest first.
    List(manage::List),
    /// Show an import and its counters.
    Show(manage::One),
    /// Show an import's progress until it is over.
    Follow(follow::Follow),
    /// Cancel an import that is not over; applied rows stay.
    Cancel(manage::One),
    /// Take back an import that nothing was sent from yet.
    Undo(manage::One),
    /// Print the rejected rows as CSV.
    Rejects(manage::One),
}

/// The exit code of a file that is refused, or of an import that ends otherwise than with success.
const EXIT_REFUSED: u8 = 2;

pub(crate) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Upload(args) => upload::run(args).await,
        Command::Check(args) => check::run(&args),
        Command::List(args) => manage::list(&args).await,
        Command::Show(one) => manage::show(&one).await,
        Command::Follow(args) => follow::run(&args).await,
        Command::Cancel(one) => manage::act(&one, "cancel").await,
        Command::Undo(one) => manage::act(&one, "undo").await,
        Command::Rejects(one) => manage::rejects(&one).await,
    }
}

/// Returns the words on rows that are taken with a doubt (rule C4).
fn warned(rows: u64, lines: &[u64]) -> String {
    let shown: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let more = if rows > lines.len() as u64 { ", …" } else { "" };
    format!(
        "{rows} rows are taken with a doubt: an area code in no number plan that we know, or an unknown word about opting out (lines {}{more})",
        shown.join(", ")
    )
}
