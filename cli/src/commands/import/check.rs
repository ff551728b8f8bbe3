//! `muster import check`: reads a file exactly as an import would. Needs no services.

use std::{collections::BTreeMap, fs::File, io::BufReader, path::PathBuf, process::ExitCode};

use anyhow::Context;
use muster_ingest::{
    ReadError,
    check::{Report, check},
};

use super::EXIT_REFUSED;
use crate::{out::say, table::Table};

#[derive(clap::Args)]
pub(crate) struct Check {
    /// A CSV file, also one packed with gzip, zstd or zip.
    file: PathBuf,
    /// Field of a column: `"Home Phone=phone"`, `Ward=custom:ward`, `Junk=ignore`; wins over the
    /// recognised one.
    #[arg(long = "map", value_name = "COLUMN=FIELD", value_parser = mapped)]
    mapping: Vec<(String, String)>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Rejects that are printed for people.
const REJECTS_SHOWN: usize = 20;

pub(super) fn mapped(text: &str) -> Result<(String, String), String> {
    // Headers may have a `=`, fields never do.
    let (column, field) = text.rsplit_once('=').ok_or_else(|| "is not COLUMN=FIELD".to_owned())?;
    Ok((column.to_owned(), field.trim().to_owned()))
}

pub(super) fn run(args: &Check) -> anyhow::Result<ExitCode> {
    let doing = || format!("read {}", args.file.display());
    let file = File::open(&args.file).with_context(doing)?;
    let mapping: BTreeMap<String, String> = args.mapping.iter().cloned().collect();
    let report = match check(BufReader::new(file), &mapping) {
        Ok(report) => report,
        Err(ReadError::Refused(refused)) => {
            if args.json {
                say!("{}", serde_json::json!({ "refused": refused.to_string() }))?;
            } else {
                say!("refused: {refused}")?;
            }
            return Ok(ExitCode::from(EXIT_REFUSED));
        }
        Err(ReadError::Broken(error)) => return Err(error).with_context(doing),
    };
    if args.json {
        say!("{}", serde_json::to_string(&report)?)?;
    } else {
        print(&report)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(report: &Report) -> anyhow::Result<()> {
    let Report { rows, valid, merged, rejected, opted_out, columns, encoding, delimiter, rejects, .. } = report;
    say!("{rows} rows: {valid} valid, {merged} merged with a later row, {rejected} rejected")?;
    say!("{encoding}, parted by {delimiter:?}")?;
    let mut table = Table::of([false; 2]);
    for (column, field) in columns {
        table.row([column.clone(), field.clone()]);
    }
    table.print("  ")?;
    if *opted_out > 0 {
        say!("{opted_out} have opted out, as the file states")?;
    }
    if report.warnings > 0 {
        say!("{}", super::warned(report.warnings, &report.warning_lines))?;
    }
    for reject in rejects.iter().take(REJECTS_SHOWN) {
        let column = reject.column.as_deref().map(|column| format!(" in {column}")).unwrap_or_default();
        let value = reject.value.as_deref().map(|value| format!(": {value:?}")).unwrap_or_default();
        say!("line {} {}{column}{value}", reject.line, reject.reason)?;
    }
    let shown = rejects.len().min(REJECTS_SHOWN) as u64;
    if *rejected > shown {
        let listed = if report.rejects_truncated { format!("the first {}", rejects.len()) } else { "them".to_owned() };
        say!("and {} more; --json lists {listed}", rejected - shown)?;
    }
    Ok(())
}
